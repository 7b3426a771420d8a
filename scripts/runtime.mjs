// The pinned Bun, as npm packages hold it, for the machine that builds and for those that the executables are made for.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

export const pinned = JSON.parse(readFileSync(join(import.meta.dirname, 'bun.json'), 'utf8'));
const cache = join(import.meta.dirname, '../node_modules/.cache/caisson', `bun-${pinned.version}`);

// Variables by which a task's environment would turn the executable into something else: Bun's own command line, or a
// program with options, or one that waits for a debugger. No variable can have the name that these get instead.
const silenced = ['BUN_OPTIONS', 'BUN_BE_BUN', 'BUN_INSPECT'];
const bell = 7;

/** Bun's executable for a platform (`linux-x64`), from its npm package; kept below node_modules. */
export function runtimeFor(platform) {
  const path = join(cache, platform);
  if (existsSync(path)) return path;
  const entry = pinned.packages[platform];
  if (entry === undefined) throw new Error(`executables cannot be built on ${platform}`);
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, '.download-'));
  try {
    execFileSync(
      'npm',
      ['pack', `${entry.name}@${pinned.version}`, '--silent', '--pack-destination', folder],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    const archive = join(folder, readdirSync(folder)[0]);
    const integrity = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (integrity !== entry.integrity) throw new Error(`${entry.name}: ${integrity}, not ${entry.integrity}`);
    execFileSync('tar', ['xf', archive, '-C', folder, 'package/bin/bun']);
    renameSync(join(folder, 'package/bin/bun'), path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return path;
}

/** The same runtime, obeying none of the variables above; kept beside it. */
export function silentRuntimeFor(platform) {
  const path = join(cache, `${platform}-silent`);
  if (existsSync(path)) return path;
  const bytes = readFileSync(runtimeFor(platform));
  for (const name of silenced) {
    const first = bytes.indexOf(name);
    if (first < 0) throw new Error(`${platform}: no ${name} in Bun ${pinned.version}`);
    for (let at = first; at >= 0; at = bytes.indexOf(name, at)) bytes[at] = bell;
  }
  writeFileSync(`${path}.tmp`, bytes, { mode: 0o755 });
  renameSync(`${path}.tmp`, path);
  return path;
}
