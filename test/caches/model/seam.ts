import { join } from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;
const seams: Readonly<Record<string, string>> = {
  'node:fs': 'seam-fs.ts',
  'node:child_process': 'seam-processes.ts',
  '../../base/process.ts': 'seam-processes.ts',
  '../../base/owner.ts': 'seam-processes.ts',
  '../base/owner.ts': 'seam-processes.ts',
  './file-system.ts': 'seam-processes.ts',
};

/** Bundles the model with a store whose calls of the system go through `machine.ts`; returns nothing, writes `outfile`. */
export async function buildModel(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(here, 'histories.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    sourcemap: 'inline',
    plugins: [
      {
        name: 'seam',
        setup(bundle) {
          bundle.onResolve(
            { filter: /^(node:(fs|child_process)|.*\/base\/(process|owner)\.ts|\.\/file-system\.ts)$/ },
            (args) => {
              const seam = seams[args.path];
              const isStore = /\/src\/(caches|base)\//.test(args.importer);
              return isStore && seam !== undefined ? { path: join(here, seam) } : undefined;
            },
          );
        },
      },
    ],
  });
}
