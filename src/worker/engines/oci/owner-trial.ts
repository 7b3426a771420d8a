import { chownSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../../../base/files.ts';
import { ownProcess } from '../../../base/owner.ts';
import { isSameOwner } from '../../../caches/ownership.ts';
import type { FileOwner, OverlayMount } from '../../../caches/store.ts';
import { overlayOptions } from '../../../caches/trees/overlay.ts';
import type { Exit, SandboxRequest } from '../engine.ts';

/** Runs a command in a sandbox; it tells `output` what it prints. */
export type RunTrial = (
  request: Pick<SandboxRequest, 'scratch' | 'commands' | 'mounts'>,
  output: (text: string) => void,
) => Promise<Exit>;

const disk: FileOwner = { uid: 1000, gid: 1000 };
const task: FileOwner = { uid: 1001, gid: 1002 };
const target = '/workspace/trial';

/** Begins as root in the container; becomes the task's user, looks, appends, renames, makes a file. */
const script = `
const fs = require('fs');
process.chdir('${target}');
process.setgroups([]); process.setgid(${task.gid}); process.setuid(${task.uid});
const { uid, gid } = fs.statSync('d/file');
if (uid !== ${task.uid} || gid !== ${task.gid}) throw new Error('a file is shown as that of ' + uid + ':' + gid);
fs.appendFileSync('d/file', 'y');
fs.renameSync('d', 'e');
fs.writeFileSync('new', '');
`;

/**
 * Mounts layers of one user as those of another, below `folder`, and writes to them. Null when all was as it should be, in
 * the sandbox and then on disk; else why not, in one clause. `node` is Node's executable in the sandbox.
 */
export async function tryOwners(folder: string, node: string, run: RunTrial): Promise<string | null> {
  let place: string;
  try {
    // Whoever reconciles the caches removes what a kill leaves.
    place = mkdtempSync(join(folder, `.trial-${ownProcess()}-`));
  } catch (error) {
    if (!isErrno(error, 'ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'ENOENT')) throw error;
    return `it cannot be tried (${error.code})`;
  }
  try {
    return await tryIn(place, node, run);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

async function tryIn(place: string, node: string, run: RunTrial): Promise<string | null> {
  const [scratch, source] = ['scratch', 'view'].map((name) => join(place, name)) as [string, string];
  const layers: OverlayMount = {
    kind: 'overlay',
    lower: [join(place, 'lower')],
    upper: join(place, 'run/upper'),
    work: join(place, 'run/work'),
    options: overlayOptions,
    owners: { disk, task },
  };
  const owned = [join(place, 'lower'), join(place, 'lower/d'), join(place, 'run/upper')];
  for (const path of [scratch, source, join(place, 'run'), ...owned, layers.work]) mkdirSync(path);
  const file = join(place, 'lower/d/file');
  writeFileSync(file, 'x');
  for (const path of [...owned, file]) chownSync(path, disk.uid, disk.gid);
  let printed = '';
  const mounts = [{ source, target, readOnly: false, layers }];
  const exit = await run({ scratch, commands: [[node, '-e', script]], mounts }, (text) => {
    printed += text;
  });
  if (exit.kind === 'engine-failed') return exit.failure.message;
  const said = /^.*Error: .*$/m.exec(printed)?.[0] ?? JSON.stringify(exit);
  if (exit.kind !== 'exited' || exit.code !== 0) return `a trial failed: ${said}`;
  const written = ['e/file', 'new'].map((name) => lstatSync(join(layers.upper, name)));
  return written.every((stat) => isSameOwner(stat, disk)) ? null : 'a trial wrote files of another owner';
}
