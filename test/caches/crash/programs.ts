import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { openStore } from '../../../src/caches/open-store.ts';

const top = join(import.meta.dirname, '../../..');

export interface Programs {
  /** of scenario-process.ts, absolute */
  readonly scenario: string;
  readonly openStore: typeof openStore;
}

/** Bundles the store, its text changed, and the scenario on it. */
export async function bundlePrograms(
  folder: string,
  change: (text: string) => string = (text) => text,
): Promise<Programs> {
  const outdir = mkdtempSync(join(folder, 'programs-'));
  const store = join(outdir, 'store.mjs');
  writeFileSync(store, change(await bundle(join(top, 'src/caches/open-store.ts'))));
  const scenario = join(outdir, 'scenario.mjs');
  writeFileSync(scenario, await bundle(join(import.meta.dirname, 'scenario-process.ts')));
  const opened = (await import(pathToFileURL(store).href)) as Pick<Programs, 'openStore'>;
  return { scenario, openStore: opened.openStore };
}

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    write: false,
    absWorkingDir: top,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [
      {
        name: 'one-store',
        setup(builder) {
          builder.onResolve({ filter: /\/open-store\.ts$/ }, ({ kind }) =>
            kind === 'entry-point' ? null : { path: './store.mjs', external: true },
          );
        },
      },
    ],
  });
  return outputFiles[0]?.text ?? '';
}

/**
 * A seal that sees nothing but owner and mode: a tree that is written again has other inodes and times. So whatever is
 * served torn is seen, also what the seal's fingerprint would have caught.
 */
export function withoutFingerprint(text: string): string {
  const blind = text.replace(/return sha256\(marks\.join\(" "\)\);/, 'return "";');
  if (blind === text) throw new Error('the store has no fingerprint');
  return blind;
}
