import { execFile, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/hash.ts';
import { Sandbox, forms, isRoot, someone, taskGid, taskUid } from './wrapper.ts';

describe.each(forms)('fetches of the %s', (form) => {
  const box = new Sandbox(undefined, form);
  const [program, ...first] = box.program;
  const files = new Map<string, Buffer>();
  const asked: string[] = [];
  let failures = 0;
  let status = 0;
  let server: Server;
  let url = '';

  beforeAll(async () => {
    const made = box.folder('made');
    writeFileSync(join(made, 'tool'), 'tool');
    spawnSync('tar', ['czf', 'a.tgz', 'tool'], { cwd: made });
    const archive = readFileSync(join(made, 'a.tgz'));
    files.set('public/a.tar.gz', archive);
    files.set('private/plain.txt', Buffer.from('plain'));
    const cot = {
      artifacts: { 'public/a.tar.gz': { sha256: sha256(archive) }, 'private/plain.txt': { sha256: '0' } },
    };
    files.set('public/chain-of-trust.json', Buffer.from(JSON.stringify(cot)));
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const body = files.get((request.url ?? '').replace('/api/queue/v1/task/T/artifacts/', ''));
      if (failures-- > 0) {
        if (status === 0) response.destroy();
        else response.writeHead(status).end();
      } else if (request.url?.endsWith('public/elsewhere'))
        response.writeHead(302, { location: files.get('public/elsewhere')?.toString() }).end();
      else if (request.url?.endsWith('public/packed'))
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(body);
      else if (body === undefined) response.writeHead(404).end();
      else response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
  });
  afterAll(() => {
    server.close();
    box.remove();
  });

  const who = isRoot ? [`--user=${someone.user}`, `--group=${someone.group}`] : [];
  /** Not spawnSync: the server is in this process. */
  const fetch = (into: string, list: object[]) => {
    const folder = box.folder(into);
    if (isRoot) chownSync(folder, taskUid, taskGid);
    const env = {
      PATH: process.env['PATH'],
      TASKCLUSTER_ROOT_URL: url,
      MOZ_FETCHES_DIR: into,
      MOZ_FETCHES: JSON.stringify(list.map((item) => ({ task: 'T', ...item }))),
    };
    return new Promise<{ code: number; output: string }>((resolve) => {
      const args = [...first, ...who, '--', 'echo', 'ran'];
      execFile(program, args, { cwd: box.path, env }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
      });
    });
  };

  it('unpacks archives, keeps other files, verifies hashes', async () => {
    const list = [
      { artifact: 'public/a.tar.gz', extract: true, dest: 'sub', 'verify-hash': true },
      { artifact: 'private/plain.txt', extract: true },
    ];
    const { code, output } = await fetch('ok', list);
    expect([code, output]).toEqual([0, expect.stringMatching(/^\[task [^\]]*\] ran$/m)]);
    expect(readFileSync(join(box.path, 'ok/sub/tool'), 'utf8')).toBe('tool');
    expect(existsSync(join(box.path, 'ok/sub/a.tar.gz'))).toBe(false);
    expect(readFileSync(join(box.path, 'ok/plain.txt'), 'utf8')).toBe('plain');
  });

  it('a missing artifact ends the task before the command, without asking again', async () => {
    asked.length = 0;
    const { code, output } = await fetch('missing', [{ artifact: 'public/not-there', extract: false }]);
    expect(code).toBe(1);
    expect(output).toMatch(/HTTP status 404 for .*not-there/);
    expect(output).not.toContain('] ran');
    expect(asked).toHaveLength(1);
  });

  it('several threads bring each artifact once, and one that fails ends them all', async () => {
    const list = Array.from({ length: 60 }, (_, at) => {
      files.set(`public/many-${at}`, Buffer.from(`text ${at}`));
      return { artifact: `public/many-${at}`, dest: `d${at}` };
    });
    asked.length = 0;
    const many = await fetch('many', list);
    expect(many.code).toBe(0);
    const times = [...many.output.matchAll(/^\[fetches ([^\]]+)\]/gm)].map(([, time]) => String(time));
    expect(times.length).toBeGreaterThan(60);
    expect(times).toEqual([...times].sort((one, other) => one.localeCompare(other)));
    expect(asked.length).toBe(60);
    for (const [at, { artifact, dest }] of list.entries())
      expect(readFileSync(join(box.path, 'many', dest, artifact.slice(7)), 'utf8')).toBe(`text ${at}`);
    const { code, output } = await fetch('most', [...list, { artifact: 'public/not-there' }, ...list]);
    expect([code, output.includes('] ran')]).toEqual([1, false]);
    expect(output).toMatch(/^error: cannot download .*not-there$/m);
  });

  it('a signal ends the fetches, in whichever thread they are', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const connected = new Promise((resolve) => silent.once('request', resolve));
    const into = box.folder('silent');
    if (isRoot) chownSync(into, taskUid, taskGid);
    const list = Array.from({ length: 20 }, (_, at) => ({ task: 'T', artifact: `public/${at}` }));
    const child = spawn(program, [...first, ...who, '--', 'echo', 'ran'], {
      cwd: box.path,
      env: {
        PATH: process.env['PATH'],
        TASKCLUSTER_ROOT_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
        MOZ_FETCHES_DIR: into,
        MOZ_FETCHES: JSON.stringify(list),
      },
      stdio: 'ignore',
    });
    await connected;
    const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve([code, signal])));
    child.kill('SIGTERM');
    expect(await ended).toEqual([143, null]);
    silent.closeAllConnections();
    silent.close();
  });

  it('follows redirects, but to no file of ours; unpacks what was packed on the way', async () => {
    files.set('public/elsewhere', Buffer.from(`${url}/api/queue/v1/task/T/artifacts/public/packed`));
    files.set('public/packed', gzipSync('packed'));
    const list = [{ artifact: 'public/elsewhere', extract: false }];
    expect((await fetch('followed', list)).code).toBe(0);
    expect(readFileSync(join(box.path, 'followed/elsewhere'), 'utf8')).toBe('packed');
    files.set('public/elsewhere', Buffer.from('file:///etc/passwd'));
    const { code, output } = await fetch('own', list);
    expect([code, readdirSync(join(box.path, 'own'))]).toEqual([1, []]);
    expect(output).toContain('file:///etc/passwd: no HTTP');
  });

  it.runIf(isRoot)('leaves nothing of a file that a full disk has no room for', async () => {
    const full = box.folder('full');
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', full]);
    try {
      files.set('public/large', Buffer.alloc(1 << 20, 'x'));
      const { code, output } = await fetch('full', [{ artifact: 'public/large', extract: true }]);
      expect([code, output]).toEqual([1, expect.stringContaining('ENOSPC')]);
      expect(readdirSync(full)).toEqual([]);
    } finally {
      spawnSync('umount', [full]);
    }
  });

  it.each([
    ['a broken connection', 0],
    ['an address that has expired', 403],
    ['a server that is busy', 503],
  ])('%s is tried again', async (_name, answer) => {
    failures = 1;
    status = answer;
    const { code } = await fetch('again', [{ artifact: 'private/plain.txt', extract: false }]);
    expect(code).toBe(0);
  });
});
