import { spawnSync } from 'node:child_process';
import {
  type Stats,
  chmodSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { Sandbox, another, forms, isRoot, someone } from '../wrapper.ts';

/** More files than one call lists, with names of this length, and than one thread does alone. */
const [many, length] = [6000, 100];
const [owner, stranger, root] = [
  { uid: someone.uid, gid: someone.gid },
  { uid: another.uid, gid: another.gid },
  { uid: 0, gid: 0 },
];

describe.skipIf(!isRoot).each(forms)('--chown-recursive: %s (needs root)', (form) => {
  const box = new Sandbox(undefined, form);
  afterAll(() => box.remove());
  const chown = (tree: string) => {
    const done = box.run([`--chown-recursive=${tree}`, '--', 'true']);
    expect(done.status, done.output).toBe(0);
  };

  it.each([1, 2, 3])('changes a random tree as a plain walk says it must: %i', (seed) => {
    const tree = box.folder(`tree-${seed}`);
    makeTree(Buffer.from(tree), box.folder(`outside-${seed}`), randomFrom(seed));
    const expected = expectationOf(tree);
    expect(new Set([...expected.values()].map((line) => line.split(' ')[0])).size).toBeGreaterThan(4);
    chown(tree);
    expect(linesOf(tree)).toEqual(expected);
  });

  it('leaves thousands of names of files outside alone, however often it looked at files before', () => {
    const tree = box.folder('many');
    const outside = box.folder('many-outside');
    for (let at = 0; at < many; at++) {
      const path = `${tree}/${String(at).padStart(length, '0')}`;
      writeFileSync(path, '');
      if (at % 5 === 0) linkSync(path, `${outside}/${at}`);
      if (at % 7 === 0) lchownSync(path, someone.uid, someone.gid);
    }
    const expected = expectationOf(tree);
    chown(tree);
    expect(linesOf(tree)).toEqual(expected);
  }, 120_000);
});

/** Two to the eighth entries or so: every type, owner and kind of name; names of some files are outside. */
function makeTree(tree: Buffer, outside: string, random: (below: number) => number): void {
  const directories = [tree];
  const files: Buffer[] = [];
  const pick = <T>(some: readonly T[]): T => some[random(some.length)]!;
  for (let count = 0; count < 256; count++) {
    const path = Buffer.concat([pick(directories), Buffer.from('/'), pick(namesOf(count))]);
    const make = {
      file: () => files.push(path) && writeFileSync(path, ''),
      directory: () => directories.push(path) && mkdirSync(path),
      link: () => symlinkSync(pick([outside, '..', 'nowhere', '/etc/passwd']), path),
      pipe: () => spawnSync('sh', ['-c', `mkfifo -- "$(printf '${octal(path)}')"`]),
      device: () => spawnSync('sh', ['-c', `mknod -- "$(printf '${octal(path)}')" c 1 3`]),
      again: () => linkSync(pick(files), path),
      outside: () => files.push(path) && writeFileSync(path, '') === linkSync(path, `${outside}/${count}`),
    };
    const kinds = ['file', 'file', 'file', 'file', 'directory', 'directory', 'link', 'outside'] as const;
    const kind = count % 60 === 0 ? 'pipe' : count % 61 === 0 ? 'device' : pick(kinds);
    make[files.length > 0 && random(10) === 0 ? 'again' : kind]();
    const { uid, gid } = pick([owner, stranger, root]);
    lchownSync(path, uid, gid);
    if (lstatSync(path).isDirectory()) chmodSync(path, pick([0o755, 0o000, 0o2775, 0o1070]));
  }
}

function namesOf(count: number): Buffer[] {
  const name = String(count);
  const bytes = [0xff, 0xfe, ...Buffer.from(name)];
  return [Buffer.from(name), Buffer.from(`-rf ${name}\nä`), Buffer.from(`..${name}`), Buffer.from(bytes)];
}

function octal(path: Buffer): string {
  return [...path].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

/** What a tree must look like when it was given away, by path: type, mode, owner. */
function expectationOf(tree: string): Map<string, string> {
  const found = statsOf(tree);
  const met = new Map<number, number>();
  for (const { ino } of found.values()) met.set(ino, (met.get(ino) ?? 0) + 1);
  return lines(found, (stats) => {
    if (stats.isDirectory()) return [stats.mode | 0o700, owner];
    return met.get(stats.ino) === stats.nlink ? [stats.mode, owner] : [stats.mode, stats];
  });
}

function linesOf(tree: string): Map<string, string> {
  return lines(statsOf(tree), (stats) => [stats.mode, stats]);
}

function lines(
  found: ReadonlyMap<string, Stats>,
  look: (stats: Stats) => [mode: number, owner: { uid: number; gid: number }],
): Map<string, string> {
  const line = (stats: Stats) => {
    const [mode, { uid, gid }] = look(stats);
    return `${(mode >> 12).toString(8)} ${(mode & 0o7777).toString(8)} ${uid}:${gid}`;
  };
  return new Map([...found].map(([path, stats]) => [path, line(stats)]));
}

function statsOf(tree: string): Map<string, Stats> {
  const found = new Map<string, Stats>();
  const walk = (path: Buffer) => {
    const stats = lstatSync(path);
    found.set(path.toString('latin1'), stats);
    if (!stats.isDirectory()) return;
    for (const name of readdirSync(path, { encoding: 'buffer' }))
      walk(Buffer.concat([path, Buffer.from('/'), name]));
  };
  walk(Buffer.from(tree));
  return found;
}

/** Numbers that look random, the same for a seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
