// Builds dist/executables/PLATFORM/{run-task,fetch-content} from the bundles in dist/, when those have changed. Needs
// the npm registry the first time. `node scripts/executables.mjs [PLATFORM…]`; default: all platforms.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinned, runtimeFor, silentRuntimeFor } from './runtime.mjs';

const dist = join(import.meta.dirname, '../dist');
const targets = { 'linux-x64': 'bun-linux-x64', 'linux-arm64': 'bun-linux-arm64' };
const programs = ['run-task', 'fetch-content'];

/** What an executable is made of; another value, another executable. */
function sourceDigest() {
  const files = [
    ...programs.map((name) => join(dist, `${name}.mjs`)),
    ...['executable.mjs', 'executables.mjs', 'runtime.mjs', 'bun.json'].map((name) =>
      join(import.meta.dirname, name),
    ),
  ];
  const hash = createHash('sha256');
  for (const file of files) hash.update(createHash('sha256').update(readFileSync(file)).digest());
  return hash.digest('hex');
}

function buildFor(platform) {
  const folder = join(dist, 'executables', platform);
  const note = join(folder, 'built.json');
  const source = sourceDigest();
  if (readNote(note)?.source === source) return;
  mkdirSync(folder, { recursive: true });
  rmSync(note, { force: true });
  const output = join(folder, 'run-task.tmp');
  const switches = ['dotenv', 'bunfig', 'tsconfig', 'package-json'].map(
    (name) => `--no-compile-autoload-${name}`,
  );
  execFileSync(
    runtimeFor(`${process.platform}-${process.arch}`),
    [
      'build',
      '--compile',
      '--format=esm',
      '--minify',
      '--bytecode',
      ...switches,
      `--target=${targets[platform]}`,
      `--compile-executable-path=${silentRuntimeFor(platform)}`,
      join(import.meta.dirname, 'executable.mjs'),
      '--outfile',
      output,
    ],
    // A folder without settings, an environment without switches.
    {
      cwd: tmpdir(),
      env: { PATH: process.env.PATH, HOME: process.env.HOME },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  renameSync(output, join(folder, 'run-task'));
  rmSync(join(folder, 'fetch-content'), { force: true });
  linkSync(join(folder, 'run-task'), join(folder, 'fetch-content'));
  const digest = readFileSync(join(dist, 'run-task.sha256'), 'utf8').trim();
  const { size } = statSync(join(folder, 'run-task'));
  writeFileSync(note, `${JSON.stringify({ digest, bun: pinned.version, bytes: size, source })}\n`);
  process.stderr.write(`${join('dist/executables', platform, 'run-task')}: ${(size / 1e6).toFixed(1)} MB\n`);
}

function readNote(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(targets);
for (const platform of wanted) {
  if (targets[platform] === undefined) {
    process.stderr.write(`no such platform: ${platform}; there are ${Object.keys(targets).join(', ')}\n`);
    process.exit(64);
  }
}
for (const platform of wanted) buildFor(platform);
