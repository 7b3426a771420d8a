import { mkdtempSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { openStore } from '../../../src/caches/open-store.ts';

const top = join(import.meta.dirname, '../../..');

/** Changes the text of one of our files, by its path from the top of the repository. */
export type Edit = (file: string, text: string) => string;

export interface Programs {
  /** of scenario-process.ts, absolute */
  readonly scenario: string;
  readonly openStore: typeof openStore;
  /** files below `src` that they are made of, from the top of the repository */
  readonly sources: readonly string[];
}

/** Bundles the scenario and the store that judges it, both made of changed files. */
export async function bundlePrograms(folder: string, edit: Edit): Promise<Programs> {
  const outdir = mkdtempSync(join(folder, 'programs-'));
  const { metafile } = await build({
    entryPoints: {
      scenario: join(import.meta.dirname, 'scenario-process.ts'),
      store: join(top, 'src/caches/open-store.ts'),
    },
    outdir,
    outExtension: { '.js': '.mjs' },
    absWorkingDir: top,
    bundle: true,
    platform: 'node',
    format: 'esm',
    metafile: true,
    plugins: [
      {
        name: 'edit',
        setup(builder) {
          builder.onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const contents = edit(relative(top, path), readFileSync(path, 'utf8'));
            return { contents, loader: 'ts' };
          });
        },
      },
    ],
  });
  const store = (await import(pathToFileURL(join(outdir, 'store.mjs')).href)) as {
    openStore: typeof openStore;
  };
  const sources = Object.keys(metafile.inputs).filter((file) => file.startsWith('src/'));
  return { scenario: join(outdir, 'scenario.mjs'), openStore: store.openStore, sources };
}

/**
 * A seal that sees nothing but owner and mode: a tree that is written again has other inodes and times. So whatever is
 * served torn is seen, also what the seal's fingerprint would have caught.
 */
export const withoutFingerprint: Edit = (file, text) => {
  if (file !== 'src/caches/trees/seal.ts') return text;
  const blind = text.replace(
    /return sha256\(marks\.join\(' '\)\);/,
    "return marks.length > 0 ? '' : sha256('');",
  );
  if (blind === text) throw new Error(`${file} has no fingerprint`);
  return blind;
};
