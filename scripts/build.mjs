// Builds what runs: dist/run-task.mjs first (its digest goes into cache names), then dist/cli.mjs and what plugins import.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writePluginTypes } from './plugin-types.mjs';
import { pinned } from './runtime.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');

// The bytes of run-task must not depend on where it is built: minified white space drops esbuild's path comments,
// and packages are named by where they are found, not where a link to node_modules leads.
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  preserveSymlinks: true,
  legalComments: 'none',
  minifyWhitespace: true,
  logLevel: 'warning',
};

// NODE_OPTIONS is meant for the task's own Node programs; ours must not obey them. It is put aside here, before Node
// starts, and handed to the command.
const shebang = '#!/usr/bin/env -S -u NODE_OPTIONS RUN_TASK_NODE_OPTIONS=${NODE_OPTIONS} node';

/** Libraries of the older kind ask for Node's own modules by this. */
const withRequire =
  "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);";

mkdirSync(dist, { recursive: true });
// The executables are made from these bytes and this version of Bun: one digest stands for all forms.
for (const name of ['run-task', 'fetch-content']) {
  if (!existsSync(join(root, 'src', name, 'main.ts'))) continue;
  const outfile = join('dist', `${name}.mjs`);
  await build({
    ...common,
    entryPoints: [`src/${name}/main.ts`],
    outfile,
    external: ['bun:ffi'],
    banner: { js: `${shebang}\n// Bun ${pinned.version}\n${withRequire}` },
  });
  chmodSync(join(root, outfile), 0o755);
  const digest = createHash('sha256')
    .update(readFileSync(join(root, outfile)))
    .digest('hex');
  writeFileSync(join(dist, `${name}.sha256`), `${digest}\n`);
}
if (existsSync(join(root, 'src/cli/main.ts'))) {
  const code = join(dist, 'cli.cache');
  rmSync(code, { force: true });
  await build({
    ...common,
    format: 'cjs',
    entryPoints: ['src/cli/main.ts'],
    outfile: 'dist/cli.cjs',
    external: ['@photostructure/sqlite', 'jiti'],
    define: { 'import.meta.dirname': '__dirname' },
    // Code that was compiled before cannot import.
    supported: { 'dynamic-import': false },
  });
  copyFileSync(join(root, 'scripts/start.mjs'), join(dist, 'cli.mjs'));
  chmodSync(join(dist, 'cli.mjs'), 0o755);
  const warm = join(root, 'scripts/warm.mjs');
  execFileSync(process.execPath, [warm, code], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}
if (existsSync(join(root, 'src/plugin.ts'))) {
  await build({ ...common, entryPoints: ['src/plugin.ts'], outfile: 'dist/plugin.mjs' });
  writePluginTypes(root, 'dist/plugin.d.ts');
}
