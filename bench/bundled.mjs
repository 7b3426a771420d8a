// Loads a TypeScript module of this repository by bundling it, as Node 20 cannot run it as it is.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

export async function bundled(entry) {
  const root = join(import.meta.dirname, '..');
  const folder = mkdtempSync(join(root, 'node_modules', '.bench-'));
  try {
    const outfile = join(folder, 'module.mjs');
    const external = ['@photostructure/sqlite'];
    await build({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      external,
      logLevel: 'warning',
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
