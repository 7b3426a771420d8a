import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { unpack } from '../../src/archive/unpack.ts';
import { storedZip } from './stored-zip.ts';

const home = mkdtempSync(join(tmpdir(), 'unpack-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

let target = '';
let count = 0;
beforeEach(() => {
  target = join(home, `target-${++count}`, 'in');
  mkdirSync(target, { recursive: true });
});

const modified = new Date('2020-01-02T03:04:05Z');
type Entry = Partial<Header> & { name: string; text?: string };

async function tar(...entries: readonly Entry[]): Promise<Buffer> {
  const packing = pack();
  for (const { text, ...header } of entries) packing.entry({ mtime: modified, ...header }, text ?? '');
  packing.finalize();
  return buffer(packing);
}

let inMemory = false;

async function unpacked(bytes: Buffer): Promise<boolean> {
  const file = join(home, `archive-${count}`);
  if (inMemory) return unpack(file, target, bytes);
  writeFileSync(file, bytes);
  return unpack(file, target);
}

const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
const within = (name: string): string => join(target, name);

describe.each(['a file', 'memory'])('unpacking from %s', (from) => {
  beforeAll(() => {
    inMemory = from === 'memory';
  });

  it('brings files, directories and links with mode and time', async () => {
    const bytes = await tar(
      { name: 'd/', type: 'directory', mode: 0o500 },
      { name: 'd/run', mode: 0o755, text: '#!' },
      { name: 'deep/er/file', text: 'text' },
      { name: 'link', type: 'symlink', linkname: 'd/run' },
      { name: 'same', type: 'link', linkname: 'd/run' },
    );
    expect(await unpacked(gzipSync(bytes))).toBe(true);
    expect(readFileSync(within('deep/er/file'), 'utf8')).toBe('text');
    expect(lstatSync(within('d')).mode & 0o7777).toBe(0o500);
    expect(lstatSync(within('d/run'))).toMatchObject({ mode: 0o100755, mtime: modified, nlink: 2 });
    expect(lstatSync(within('d')).mtime).toEqual(modified);
    expect(readlinkSync(within('link'))).toBe('d/run');
  });

  for (const program of ['gzip', 'bzip2', 'xz', 'zstd']) {
    it.runIf(has(program)).each([10, 50_000])(
      `reads tar and ${program} of %i lines without the program (needs ${program} to make one)`,
      async (length) => {
        const text = Array.from({ length }, (_line, at) => `line ${at}\n`).join('');
        const { stdout } = spawnSync(program, ['-c'], { input: await tar({ name: 'f', text }) });
        const path = process.env['PATH'];
        process.env['PATH'] = '/nowhere';
        try {
          expect(await unpacked(stdout)).toBe(true);
        } finally {
          process.env['PATH'] = path;
        }
        expect(readFileSync(within('f'), 'utf8')).toBe(text);
      },
    );
  }

  it('reads zip: modes, links, directories', async () => {
    const bytes = storedZip([
      { name: 'bin/', text: '', mode: 0o040755 },
      { name: 'bin/tool', text: 'tool', mode: 0o104755 },
      { name: 'link', text: 'bin/tool', mode: 0o120777 },
    ]);
    expect(await unpacked(bytes)).toBe(true);
    expect(lstatSync(within('bin/tool')).mode).toBe(0o100755);
    expect(readlinkSync(within('link'))).toBe('bin/tool');
  });

  it('a file that is no archive is left to the caller', async () => {
    expect(await unpacked(Buffer.from('plain text'))).toBe(false);
    expect(await unpacked(gzipSync('plain text'))).toBe(false);
    expect(await unpacked(Buffer.alloc(0))).toBe(false);
  });

  it('what is there gives way to files and links, not what a link there points to', async () => {
    const outside = join(target, '..', 'outside');
    writeFileSync(outside, 'mine');
    symlinkSync(outside, within('f'));
    expect(await unpacked(await tar({ name: 'f', text: 'theirs' }))).toBe(true);
    expect([readFileSync(outside, 'utf8'), readFileSync(within('f'), 'utf8')]).toEqual(['mine', 'theirs']);
  });

  it('set-user-id and the like are taken off', async () => {
    await unpacked(await tar({ name: 'f', mode: 0o6755 }, { name: 'd/', type: 'directory', mode: 0o3755 }));
    expect([lstatSync(within('f')).mode, lstatSync(within('d')).mode]).toEqual([0o100755, 0o040755]);
  });

  it.each<[string, Entry[], RegExp]>([
    ['a name with ..', [{ name: '../outside' }], /\.\.\/outside/],
    [
      '.. behind a link',
      [{ name: 'l', type: 'symlink', linkname: '..' }, { name: 'l/outside' }],
      /leads out/,
    ],
    ['an absolute link', [{ name: 'l', type: 'symlink', linkname: '/tmp' }, { name: 'l/x' }], /leads out/],
    ['a hard link outwards', [{ name: 'h', type: 'link', linkname: '../../outside' }], /leads out/],
    ['a hard link to nothing', [{ name: 'h', type: 'link', linkname: 'no' }], /no file/],
    ['a device', [{ name: 'dev', type: 'character-device' }], /neither/],
    ['a pipe', [{ name: 'pipe', type: 'fifo' }], /neither/],
  ])('refuses %s', async (_, entries, message) => {
    await expect(unpacked(await tar(...entries))).rejects.toThrow(message);
    expect(existsSync(join(target, '..', 'outside'))).toBe(false);
  });

  it('an absolute name stays below, as with tar', async () => {
    await unpacked(await tar({ name: '/etc/passwd', text: 'x' }));
    expect(readFileSync(within('etc/passwd'), 'utf8')).toBe('x');
  });

  it('links inside lead where they say', async () => {
    await unpacked(
      await tar(
        { name: 'lib/', type: 'directory', mode: 0o755 },
        { name: 'lib64', type: 'symlink', linkname: 'lib' },
        { name: 'lib64/so', text: 'so' },
      ),
    );
    expect(readFileSync(within('lib/so'), 'utf8')).toBe('so');
  });

  it('a torn or damaged archive is an error', async () => {
    const text = Array.from({ length: 9000 }, (_line, at) => `${at * 7919}`).join();
    const bytes = await tar({ name: 'f', text });
    await expect(unpacked(bytes.subarray(0, 4096))).rejects.toThrow(/cannot unpack/);
    const zipped = gzipSync(bytes);
    await expect(unpacked(zipped.subarray(0, zipped.length - 2000))).rejects.toThrow();
    const zip = storedZip([{ name: 'f', text: 'text', mode: 0o100644 }]);
    zip.write('tExt', zip.indexOf('text'));
    await expect(unpacked(zip)).rejects.toThrow(/checksum/);
  });
});
