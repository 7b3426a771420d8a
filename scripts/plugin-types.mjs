// Writes dist/plugin.d.ts: the types of `caisson/plugin` in one file, with no import in it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** `root`: the repository's top; `outfile`: from there. */
export function writePluginTypes(root, outfile) {
  const out = mkdtempSync(join(tmpdir(), 'caisson-types-'));
  try {
    const typescript = createRequire(join(root, 'package.json')).resolve('typescript/package.json');
    const tsc = join(dirname(typescript), 'bin', 'tsc');
    const done = spawnSync(process.execPath, [tsc, '-p', 'scripts/plugin-types.json', '--outDir', out], {
      cwd: root,
      encoding: 'utf8',
    });
    if (done.status !== 0) throw new Error(`${done.stdout}${done.stderr}`);
    const declared = (name) => readFileSync(join(out, 'graph/plugins', `${name}.d.ts`), 'utf8');
    // `api` imports nothing, `provided` only from `api`: one after the other they need no import at all.
    const text = `${declared('api')}\n${declared('provided').replace(/^import type \{[^}]*\} from '\.\/api\.ts';\n/m, '')}`;
    if (/^import\b|\bfrom '/m.test(text) || text.includes('import('))
      throw new Error('plugin.d.ts is not self-contained');
    writeFileSync(join(root, outfile), text);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
