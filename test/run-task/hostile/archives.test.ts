import { execFile } from 'node:child_process';
import { chownSync, existsSync, lstatSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storedZip } from '../../archive/stored-zip.ts';
import { Sandbox, forms, isRoot, someone, taskGid, taskUid } from '../wrapper.ts';

type Entry = Partial<Header> & { readonly name: string; readonly text?: string };

async function tar(...entries: readonly Entry[]): Promise<Buffer> {
  const packing = pack();
  for (const { text = '', ...header } of entries) packing.entry(header, text);
  packing.finalize();
  return buffer(packing);
}

const link = (name: string, linkname: string): Entry => ({ name, type: 'symlink', linkname });
const hardLink = (name: string, linkname: string): Entry => ({ name, type: 'link', linkname });
const zipLink = (name: string, text: string) => ({ name, text, mode: 0o120777 });
const zipFile = (name: string, text = 'evil') => ({ name, text, mode: 0o100644 });

/** `outside` is beside the folder that the archives are unpacked into. */
const refused: readonly (readonly [name: string, make: (outside: string) => Promise<Buffer> | Buffer])[] = [
  ['a way up', () => tar({ name: '../outside/new' })],
  ['a way down and up', () => tar({ name: 'a/../../outside/new' })],
  ['a file through a link', () => tar(link('l', '../outside'), { name: 'l/new', text: 'evil' })],
  ['a file through an absolute link', (outside) => tar(link('l', outside), { name: 'l/new', text: 'evil' })],
  [
    'a file through two links',
    () =>
      tar({ name: 'd/', type: 'directory' }, link('d/up', '..'), link('l', 'd/up/../outside'), {
        name: 'l/new',
      }),
  ],
  ['a directory through a link', () => tar(link('l', '../outside'), { name: 'l/new/', type: 'directory' })],
  ['a link through a link', () => tar(link('l', '../outside'), link('l/new', 'x'))],
  ['a hard link outwards', () => tar(hardLink('h', '../outside/file'))],
  ['a hard link through a link', () => tar(link('l', '../outside'), hardLink('h', 'l/file'))],
  ['a link that turns into another', () => tar(link('l', '.'), link('l', '../outside'), { name: 'l/new' })],
  ['a character device', () => tar({ name: 'null', type: 'character-device', devmajor: 1, devminor: 3 })],
  ['a block device', () => tar({ name: 'disk', type: 'block-device', devmajor: 8, devminor: 0 })],
  ['a pipe', () => tar({ name: 'pipe', type: 'fifo' })],
  [
    'an entry that says it is larger than the archive',
    async () => (await tar({ name: 'f', text: 'x'.repeat(9000) })).subarray(0, 4096),
  ],
  ['a torn gzip', async () => gzipSync(await tar({ name: 'f', text: 'text' })).subarray(0, 60)],
  ['a zip with a way up', () => storedZip([zipFile('../outside/new')])],
  ['a zip with a way up for Windows', () => storedZip([zipFile('..\\outside\\new')])],
  ['a zip with a link', () => storedZip([zipLink('l', '../outside'), zipFile('l/new')])],
  ['a zip with a device', () => storedZip([{ name: 'dev', text: '', mode: 0o020666 }])],
  [
    'a zip with a wrong sum',
    () => {
      const zip = storedZip([zipFile('f', 'text')]);
      zip.write('tExt', zip.indexOf('text'));
      return zip;
    },
  ],
  [
    'names that move a cursor or forge a line of the log',
    () => tar({ name: '../\u001b[2J\n[taskcluster 1] \u202eevil' }),
  ],
];

const unpacked: readonly (readonly [
  name: string,
  make: () => Promise<Buffer> | Buffer,
  expected: Readonly<Record<string, string | number>>,
])[] = [
  ['an absolute name', () => tar({ name: '/outside/new', text: 'in' }), { 'outside/new': 'in' }],
  [
    'a zip with an absolute name that is a tar by its name',
    () => storedZip([zipFile('bin/x', 'in')]),
    { 'bin/x': 'in' },
  ],
  [
    'a tar whose first file makes it look like a zip',
    () => tar({ name: 'PKGBUILD', text: 'in' }),
    { PKGBUILD: 'in' },
  ],
  ['set-user-id', () => tar({ name: 'su', mode: 0o6755, text: 'su' }), { su: 0o755 }],
  [
    'a file in the place of a link',
    () => tar(link('l', '../outside/file'), { name: 'l', text: 'in' }),
    { l: 'in' },
  ],
  [
    'odd names',
    () => tar({ name: '-rf', text: '1' }, { name: 'a\nb', text: '2' }, { name: ' ', text: '3' }),
    { '-rf': '1', 'a\nb': '2', ' ': '3' },
  ],
  ['a gzip that says it is nothing', async () => lying(await tar({ name: 'f', text: 'x' }), 0), { f: 'x' }],
  [
    'a gzip in two members',
    async () => {
      const whole = await tar({ name: 'f', text: 'x' });
      return Buffer.concat([gzipSync(whole.subarray(0, 600)), gzipSync(whole.subarray(600))]);
    },
    { f: 'x' },
  ],
];

/** Without its end, which says the sum and the size, replaced by an empty member: the size at the end is that one's. */
function lying(bytes: Buffer, size: number): Buffer {
  const last = gzipSync(Buffer.alloc(size));
  return Buffer.concat([gzipSync(bytes), last]);
}

describe.each(forms)('a hostile archive among the fetches: %s', (form) => {
  const box = new Sandbox(undefined, form);
  const outside = box.folder('outside');
  writeFileSync(join(outside, 'file'), 'mine');
  if (isRoot) for (const path of [outside, join(outside, 'file')]) chownSync(path, taskUid, taskGid);
  const served = new Map<string, Buffer>();
  let server: Server;
  beforeAll(async () => {
    server = createServer((request, response) => {
      response.end(served.get((request.url ?? '').split('/').at(-1) ?? ''));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.close();
    box.remove();
  });

  /** Unpacks archives one after the other into `into`, or folders in it; not spawnSync: the server is in this process. */
  const fetch = async (list: readonly (readonly [name: string, bytes: Buffer, dest?: string])[]) => {
    const into = box.folder(`in-${served.size}`);
    if (isRoot) chownSync(into, taskUid, taskGid);
    const runs: { code: number; output: string }[] = [];
    for (const [name, bytes, dest = '.'] of list) {
      served.set(name, bytes);
      const who = isRoot ? [`--user=${someone.user}`, `--group=${someone.group}`] : [];
      const env = {
        PATH: process.env['PATH'],
        TASKCLUSTER_ROOT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        MOZ_FETCHES_DIR: into,
        MOZ_FETCHES: JSON.stringify([{ task: 'T', artifact: `public/${name}`, extract: true, dest }]),
      };
      const [program, ...first] = [...box.program, ...who, '--', 'echo', 'ran'];
      runs.push(
        await new Promise((resolve) => {
          execFile(program, first, { cwd: box.path, env, timeout: 60_000 }, (error, stdout, stderr) => {
            resolve({
              code: typeof error?.code === 'number' ? error.code : error ? -1 : 0,
              output: stdout + stderr,
            });
          });
        }),
      );
    }
    expect([readdirSync(outside), readFileSync(join(outside, 'file'), 'utf8')]).toEqual([['file'], 'mine']);
    return { into, runs };
  };

  it.each(refused)('%s is refused, and the command does not run', async (_name, make) => {
    const { runs } = await fetch([[`bad-${served.size}.tar`, await make(outside)]]);
    expect(runs[0]!.code, runs[0]!.output).toBe(1);
    expect(runs[0]!.output).not.toContain('] ran');
    expect(runs[0]!.output).toMatch(/^error: cannot unpack /m);
    for (const text of ['\u001b', '\u202e', '\n[taskcluster']) expect(runs[0]!.output).not.toContain(text);
  });

  it.each(unpacked)('%s stays inside', async (_name, make, expected) => {
    const { into, runs } = await fetch([[`good-${served.size}.tar`, await make()]]);
    expect(runs[0]!.code, runs[0]!.output).toBe(0);
    const found = Object.entries(expected).map(([name, value]) => {
      const path = join(into, name);
      return [name, typeof value === 'number' ? lstatSync(path).mode & 0o7777 : readFileSync(path, 'utf8')];
    });
    expect(Object.fromEntries(found)).toEqual(expected);
  });

  it('links that an earlier archive left lead no later fetch out', async () => {
    const links = await tar(
      link('sub', '../outside'),
      link('tool.tmp', '../outside/file'),
      link('tool', '../outside/file'),
    );
    const { into, runs } = await fetch([
      ['links.tar', links],
      ['tool', Buffer.from('plain')],
      ['new', Buffer.from('plain'), 'sub'],
    ]);
    expect(
      runs.map(({ code }) => code),
      runs.at(-1)!.output,
    ).toEqual([0, 0, 1]);
    expect(lstatSync(join(into, 'tool')).isFile()).toBe(true);
    expect(existsSync(join(outside, 'new'))).toBe(false);
  });
});

describe('limits of what an archive may hold', () => {
  it.each([
    ['entries', '20_000_000', '5', Array.from({ length: 9 }, (_entry, at) => ({ name: `f${at}` }))],
    ['bytes', '256 * 2 ** 30', '1000', [{ name: 'f', text: 'x'.repeat(2000) }]],
  ] as const)('%s', { timeout: 60_000 }, async (_name, limit, less, entries) => {
    const change = (folder: string) => {
      const path = join(folder, 'src/archive/target.ts');
      const text = readFileSync(path, 'utf8');
      expect(text).toContain(limit);
      writeFileSync(path, text.replace(limit, less));
    };
    const box = new Sandbox(change);
    const archive = gzipSync(await tar(...entries));
    const server = createServer((_request, response) => response.end(archive));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const into = box.folder('in');
      if (isRoot) chownSync(into, taskUid, taskGid);
      const env = {
        PATH: process.env['PATH'],
        TASKCLUSTER_ROOT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        MOZ_FETCHES_DIR: into,
        MOZ_FETCHES: JSON.stringify([{ task: 'T', artifact: 'public/x', extract: true }]),
      };
      const who = isRoot ? [`--user=${someone.user}`, `--group=${someone.group}`] : [];
      const args = [box.bundle, ...who, '--', 'echo', 'ran'];
      const output = await new Promise<string>((resolve) => {
        execFile(process.execPath, args, { cwd: box.path, env }, (_error, stdout) => resolve(stdout));
      });
      expect(output).toContain(`more than ${less}`);
      expect(output).not.toContain('] ran');
    } finally {
      server.close();
      box.remove();
    }
  });
});
