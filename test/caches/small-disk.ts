import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isErrno } from '../../src/base/files.ts';
import { chooseBackEnd } from '../../src/caches/trees/overlay.ts';

/** A file system in memory, or ext4 on a loop device. */
export type DiskKind = 'tmpfs' | 'ext4';

/** Both, where files can be mounted; ext4 keeps blocks for itself, allocates late and needs some for names, tmpfs does not. */
export const diskKinds: readonly DiskKind[] =
  existsSync('/dev/loop-control') && spawnSync('mkfs.ext4', ['-V'], { stdio: 'ignore' }).status === 0
    ? ['ext4', 'tmpfs']
    : ['tmpfs'];

/** What the disk has no more of, or no more but one, or that it is read-only. */
export type Trouble = 'blocks' | 'inodes' | 'last inode' | 'read-only';

/** In memory where overlay works there: else each sync waits for the disk, and for what others write. */
export const memoryFolder =
  existsSync('/dev/shm') && chooseBackEnd('/dev/shm', null).backEnd === 'overlay' ? '/dev/shm' : tmpdir();

/** A file system of a few MB and some hundred files. Needs root. */
export class SmallDisk implements Disposable {
  readonly folder = mkdtempSync(join(memoryFolder, 'caisson-small-'));
  readonly #mounted = join(this.folder, 'mounted');
  readonly root = join(this.#mounted, 'caches');
  readonly #filler = join(this.#mounted, 'filler');

  constructor(kind: DiskKind) {
    mkdirSync(this.#mounted);
    if (kind === 'tmpfs') run('mount', '-t', 'tmpfs', '-o', 'size=2m,nr_inodes=300', 'none', this.#mounted);
    else {
      const image = join(this.folder, 'image');
      run('truncate', '-s', '8M', image);
      run('mkfs.ext4', '-q', '-b', '1024', '-N', '400', '-m', '0', '-J', 'size=1', image);
      run('mount', '-o', 'loop', image, this.#mounted);
    }
    mkdirSync(this.root);
    mkdirSync(this.#filler);
  }

  cause(trouble: Trouble): void {
    if (trouble === 'read-only') this.#remount('ro');
    else this.#fill(Buffer.alloc(trouble === 'blocks' ? 1024 : 0));
    if (trouble === 'last inode') rmSync(join(this.#filler, '0'));
  }

  end(trouble: Trouble): void {
    if (trouble === 'read-only') this.#remount('rw');
    rmSync(this.#filler, { recursive: true });
    mkdirSync(this.#filler);
  }

  #fill(content: Uint8Array): void {
    try {
      if (content.length > 0) {
        const { bavail, bsize } = statfsSync(this.#mounted);
        const path = join(this.#filler, 'all');
        for (let left = bavail * bsize; left > 0; left -= 65_536)
          writeFileSync(path, Buffer.alloc(65_536), { flag: 'a' });
      }
    } catch (error) {
      if (!isErrno(error, 'ENOSPC')) throw error;
    }
    try {
      for (let number = 0; ; number++)
        writeFileSync(join(this.#filler, content.length > 0 ? 'all' : String(number)), content, {
          flag: 'a',
        });
    } catch (error) {
      if (!isErrno(error, 'ENOSPC')) throw error;
    }
  }

  #remount(option: 'ro' | 'rw'): void {
    run('mount', '-o', `remount,${option}`, this.#mounted);
  }

  [Symbol.dispose](): void {
    run('umount', '--lazy', this.#mounted);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function run(...command: readonly string[]): void {
  const [program, ...args] = command;
  const done = spawnSync(program!, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${command.join(' ')}: ${done.stderr}`);
}
