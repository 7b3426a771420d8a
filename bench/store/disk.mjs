// A fresh file system in a file below BENCH_DIR: deleting many files slows an old one down, and unmounting it is the one
// way to make its caches cold without those of everybody else. Needs root and a loop device.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `type`: ext4, xfs or btrfs, where its mkfs is there. */
export function freshDisk(type, gigabytes = 40) {
  const folder = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'caisson-bench-'));
  const image = join(folder, 'image');
  const path = join(folder, 'disk');
  mkdirSync(path);
  writeFileSync(image, '');
  truncateSync(image, gigabytes * 2 ** 30);
  // As many inodes as for small files: a million files have to fit.
  execFileSync(`mkfs.${type}`, [...(type === 'ext4' ? ['-q', '-N', '6000000'] : []), image], {
    stdio: 'pipe',
  });
  // What is deleted gives its room back: the image may lie in memory.
  const mount = () => execFileSync('mount', ['-o', 'loop,discard', image, path]);
  mount();
  return {
    path,
    /** Nothing of it is in memory afterwards but the blocks of the image. */
    makeCold() {
      execFileSync('umount', [path]);
      mount();
    },
    settle: () => execFileSync('sync', ['-f', path]),
    /** Also while programs of a run that was stopped still use it. */
    remove() {
      execFileSync('umount', ['--lazy', path]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
