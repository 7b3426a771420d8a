import { createHash } from 'node:crypto';
import { type Stats, lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * Tells the states of a cache apart: names, types, modes, owners, contents, which names are one file. Equal for states
 * that differ only in what no two runs have in common: the random part of temporary names, the process in hg's locks,
 * and times; of those in git's index and hg's dirstate it counts whether they are those of the file.
 */
export function digestOf(cache: string): string {
  const first = new Map<number, string>();
  const lines: string[] = [];
  const visit = (path: string) => {
    const stats = lstatSync(path);
    const name = plainName(relative(cache, path));
    const met = first.get(stats.ino);
    if (met === undefined) first.set(stats.ino, name);
    const content = stats.isDirectory() ? '' : (met ?? digest(contentOf(path, stats)));
    lines.push(`${name} ${stats.mode.toString(8)} ${stats.uid}:${stats.gid} ${content}`);
    if (stats.isDirectory()) for (const entry of readdirSync(path).sort()) visit(join(path, entry));
  };
  visit(cache);
  return digest(lines.sort().join('\n'));
}

function digest(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function plainName(path: string): string {
  return path.replace(/(tmp_[a-z]+_|\.[\w.]+-)\w{6,12}(~?)(?=\/|$)/g, '$1#$2');
}

function contentOf(path: string, stats: Stats): Buffer | string {
  if (stats.isSymbolicLink()) return readlinkSync(path).replace(/:\d+$/, ':#');
  if (!stats.isFile()) return '';
  const data = readFileSync(path);
  if (data.subarray(0, 8).equals(gitIndexHead)) return plainIndex(path, data);
  if (path.endsWith('/.cachelog')) return data.toString('latin1').replace(/\b\d{4}-[\d:T.-]+Z/g, '#');
  if (path.endsWith('/.hg/dirstate')) return plainDirstate(path, data);
  return data;
}

const gitIndexHead = Buffer.from('DIRC\0\0\0\x02', 'latin1');

/** A git index without times, inodes and the checksum over them. */
function plainIndex(path: string, data: Buffer): Buffer {
  const plain = Buffer.from(data.subarray(0, -20));
  const tree = workTreeOf(dirname(path));
  let at = 12;
  for (let left = data.readUInt32BE(8); left > 0 && at + 62 < plain.length; left--) {
    const end = plain.indexOf(0, at + 62);
    const file = join(tree, plain.toString('utf8', at + 62, end));
    const isSame = isMade(file, plain.readUInt32BE(at + 8), plain.readUInt32BE(at + 36));
    plain.fill(isSame ? 1 : 0, at, at + 24);
    at += (end - at + 8) & ~7;
  }
  return plain;
}

function workTreeOf(gitDirectory: string): string {
  const config = readFileSync(join(gitDirectory, 'config'), 'utf8');
  return join(gitDirectory, /worktree = (.*)/.exec(config)?.[1] ?? '..');
}

function plainDirstate(path: string, data: Buffer): Buffer {
  const plain = Buffer.from(data);
  for (let at = 40; at + 17 <= plain.length; at += 17 + plain.readUInt32BE(at + 13)) {
    const file = join(
      dirname(path),
      '..',
      plain.toString('utf8', at + 17, at + 17 + plain.readUInt32BE(at + 13)),
    );
    const time = plain.readInt32BE(at + 9);
    if (time >= 0) plain.writeInt32BE(isMade(file, time, plain.readUInt32BE(at + 5)) ? 1 : 0, at + 9);
  }
  return plain;
}

function isMade(file: string, seconds: number, size: number): boolean {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  return stats !== undefined && Math.floor(stats.mtimeMs / 1000) === seconds && stats.size === size;
}
