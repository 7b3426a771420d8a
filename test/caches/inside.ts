import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Lease } from '../../src/caches/store.ts';

/** Runs a shell script in the leased tree, mounted as an engine does it; returns what it prints. */
export function inside({ mount, id }: Lease, script: string): string {
  if (mount.kind === 'bind') return shell(['sh', '-ec', script], mount.source);
  const place = join(mount.upper, '..', `merged-${id}`);
  mkdirSync(place, { recursive: true });
  // As the worker does before each command.
  rmSync(join(mount.work, 'work/incompat'), { recursive: true, force: true });
  const layers = [`lowerdir=${mount.lower.join(':')}`, `upperdir=${mount.upper}`, `workdir=${mount.work}`];
  const options = [...layers, ...mount.options].join(',');
  const mounted = 'mount -t overlay overlay -o "$0" "$1"; cd "$1"; sh -ec "$2"; cd /; umount "$1"';
  return shell(
    ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', mounted, options, place, script],
    '/',
  );
}

function shell([program, ...args]: readonly string[], cwd: string): string {
  const done = spawnSync(program!, args, { cwd, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${args.at(-1)}: ${done.stderr}`);
  return done.stdout.trim();
}
