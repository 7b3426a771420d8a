import { execFile, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type IncomingHttpHeaders, type Server, createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unpack } from '../../src/archive/unpack.ts';
import { sha256 } from '../../src/base/hash.ts';
import { buildBelow } from '../run-task/wrapper.ts';

const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
const packs = has('zstd') || Number(process.versions.node.split('.')[0]) >= 23;

describe('fetch-content', () => {
  const home = mkdtempSync(join(tmpdir(), 'fetch-content-'));
  const program = join(dirname(buildBelow(join(home, 'build'))), 'fetch-content.mjs');
  const files = new Map<string, Buffer>();
  const asked: { url: string; headers: IncomingHttpHeaders }[] = [];
  let server: Server;
  let url = '';

  beforeAll(async () => {
    const packing = pack();
    packing.entry({ name: 'top/', type: 'directory' });
    packing.entry({ name: 'top/bin/tool', mode: 0o755 }, 'tool');
    packing.entry({ name: 'top/link', type: 'symlink', linkname: 'bin/tool' });
    packing.finalize();
    files.set('/a.tar.gz', gzipSync(await buffer(packing)));
    files.set('/plain', Buffer.from('plain'));
    files.set('/api/queue/v1/task/T/artifacts/public/plain', Buffer.from('plain'));
    server = createServer((request, response) => {
      asked.push({ url: request.url ?? '', headers: request.headers });
      const body = files.get(request.url ?? '');
      if (body === undefined) response.writeHead(404).end();
      else response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
  });
  afterAll(() => {
    server.close();
    rmSync(home, { recursive: true, force: true });
  });

  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    new Promise<{ code: number; output: string }>((resolve) => {
      const options = { cwd: home, env: { PATH: process.env['PATH'] ?? '', HOME: home, ...env } };
      execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
      });
    });
  const known = (name: string): string[] => {
    const bytes = files.get(name)!;
    return ['--sha256', sha256(bytes), '--size', String(bytes.length)];
  };
  const text = (path: string): string => readFileSync(join(home, path), 'utf8');
  const unpacked = async (archive: string): Promise<string> => {
    const into = mkdtempSync(join(home, 'unpacked-'));
    expect(await unpack(join(home, archive), into)).toBe(true);
    return into;
  };

  it('static-url brings a file of known size and hash, with headers of ours', async () => {
    const { code, output } = await run([
      'static-url',
      ...known('/plain'),
      '-H',
      'X-Key: a:b',
      `${url}/plain`,
      'out/renamed',
    ]);
    expect([code, text('out/renamed')]).toEqual([0, 'plain']);
    expect(output).not.toMatch(/^\[/m);
    expect(asked.at(-1)?.headers['x-key']).toBe('a:b');
  });

  it('static-url leaves nothing of a file with another hash', async () => {
    const args = ['static-url', '--sha256', '0'.repeat(64), '--size', '5', `${url}/plain`, 'wrong/plain'];
    const child = spawn(process.execPath, [program, ...args], {
      cwd: home,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await new Promise<void>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => {
        if (/sha256 mismatch/.test(chunk.toString())) resolve();
      });
    });
    child.kill('SIGKILL');
    expect(existsSync(join(home, 'wrong/plain'))).toBe(false);
  });

  it.runIf(packs)('static-url repacks as tar.zst, with other names (needs zstd)', async () => {
    const names = ['--strip-components', '1', '--add-prefix', 'new/'];
    const { code } = await run([
      'static-url',
      ...known('/a.tar.gz'),
      ...names,
      `${url}/a.tar.gz`,
      'r/a.tar.zst',
    ]);
    expect([code, readdirSync(join(home, 'r'))]).toEqual([0, ['a.tar.zst']]);
    const into = await unpacked('r/a.tar.zst');
    expect(readFileSync(join(into, 'new/link'), 'utf8')).toBe('tool');
  });

  it.runIf(packs)(
    'static-url makes an archive of a single file with --force-archive (needs zstd)',
    async () => {
      const args = ['static-url', ...known('/plain'), '--force-archive', `${url}/plain`, 'f/plain.tar.zst'];
      expect((await run(args)).code).toBe(0);
      expect(readFileSync(join(await unpacked('f/plain.tar.zst'), 'plain'), 'utf8')).toBe('plain');
    },
  );

  it.runIf(has('gpg'))(
    'static-url holds a file against a signature (needs gpg)',
    { timeout: 60_000 },
    async () => {
      const keys = join(home, 'keys');
      mkdirSync(keys, { mode: 0o700 });
      const gpg = (args: string[], input = '') =>
        spawnSync(
          'gpg',
          ['--homedir', keys, '--batch', '--pinentry-mode', 'loopback', '--passphrase', '', ...args],
          {
            input,
          },
        ).stdout;
      gpg(['--quick-gen-key', 'a@example.org', 'ed25519']);
      files.set('/plain.sig', gpg(['--detach-sign'], 'plain'));
      files.set('/other.sig', gpg(['--detach-sign'], 'other'));
      const env = { KEY: gpg(['--armor', '--export']).toString() };
      spawnSync('gpgconf', ['--homedir', keys, '--kill', 'gpg-agent']);
      const args = (signature: string, to: string) => [
        'static-url',
        ...known('/plain'),
        '--gpg-key-env=KEY',
        `--gpg-sig-url=${url}/${signature}`,
        `${url}/plain`,
        to,
      ];
      expect((await run(args('plain.sig', 's/plain'), env)).code).toBe(0);
      expect((await run(args('other.sig', 'bad/plain'), env)).code).toBe(1);
      expect([existsSync(join(home, 's/plain')), existsSync(join(home, 'bad/plain'))]).toEqual([true, false]);
      expect((await run(args('plain.sig', 's/plain').filter((arg) => !arg.includes('KEY')))).code).toBe(1);
    },
  );

  it.runIf(packs)('git-checkout-archive holds the files of a commit (needs zstd)', async () => {
    const git = (...args: string[]) =>
      spawnSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-C', join(home, 'repo'), ...args], {
        encoding: 'utf8',
      }).stdout.trim();
    mkdirSync(join(home, 'repo'));
    git('init', '-q');
    writeFileSync(join(home, 'repo/one'), 'one');
    git('add', '.');
    git('commit', '-qm', 'one');
    const commit = git('rev-parse', 'HEAD');
    writeFileSync(join(home, 'repo/one'), 'two');
    git('commit', '-qam', 'two');
    const { code } = await run(['git-checkout-archive', join(home, 'repo'), commit, 'g/x.tar.zst']);
    expect(code).toBe(0);
    const into = await unpacked('g/x.tar.zst');
    expect(readFileSync(join(into, 'repo/one'), 'utf8')).toBe('one');
    expect(existsSync(join(into, 'repo/.git'))).toBe(false);
    const args = ['git-checkout-archive', '--include-dot-git', '--path-prefix=p', join(home, 'repo'), commit];
    expect((await run([...args, 'g/y.tar.zst'])).code).toBe(0);
    expect(existsSync(join(await unpacked('g/y.tar.zst'), 'p/.git/HEAD'))).toBe(true);
    expect((await run([...args, 'g/y.zip'])).code).toBe(1);
  });

  it.each([
    [
      'a repository by ext::',
      (mark: string) => ({ repo: `ext::sh -c touch% ${mark}`, module: null }),
      /transport 'ext' not allowed/,
    ],
    [
      'a repository that is an option',
      (mark: string) => ({ repo: `--upload-pack=touch ${mark};`, module: null }),
      /repository '--upload-pack=.*does not exist/,
    ],
    [
      'a submodule by ext::',
      (mark: string) => ({ repo: null, module: `ext::sh -c touch% ${mark}` }),
      /clone of 'ext::.*failed/,
    ],
    [
      'a submodule that is an option',
      (mark: string) => ({ repo: null, module: `--upload-pack=touch ${mark};` }),
      /may be interpreted as a command-line option/,
    ],
  ])('git-checkout-archive runs nothing for %s, and makes no archive', async (name, make, message) => {
    const mark = join(home, 'mark');
    const source = mkdtempSync(join(home, 'hostile-'));
    const git = (...args: string[]) =>
      spawnSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-C', source, ...args], {
        encoding: 'utf8',
      }).stdout.trim();
    const { repo, module } = make(mark);
    git('init', '-q');
    if (module !== null) {
      writeFileSync(join(source, '.gitmodules'), `[submodule "m"]\n\tpath = m\n\turl = "${module}"\n`);
      git('add', '.gitmodules');
      git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},m`);
    }
    git('commit', '-q', '--allow-empty', '-m', 'one');
    const dest = `${name.replaceAll(/\W/g, '-')}.tar.zst`;
    const args = [
      'git-checkout-archive',
      '--path-prefix=p',
      '--',
      repo ?? source,
      git('rev-parse', 'HEAD'),
      dest,
    ];
    const { code, output } = await run(args);
    expect([code === 0, existsSync(mark), existsSync(join(home, dest))], output).toEqual([
      false,
      false,
      false,
    ]);
    expect(output).toMatch(message);
  });

  it('task-artifacts fetches what MOZ_FETCHES lists into --dest', async () => {
    const env = {
      TASKCLUSTER_ROOT_URL: url,
      MOZ_FETCHES: JSON.stringify([{ artifact: 'public/plain', task: 'T', extract: true }]),
    };
    const { code, output } = await run(['task-artifacts', '-d', 'artifacts'], env);
    expect([code, text('artifacts/plain')]).toEqual([0, 'plain']);
    expect(output).toContain('PERFHERDER_DATA: ');
    expect((await run(['task-artifacts'], env)).code).toBe(2);
    expect((await run(['task-artifacts', '-d', 'artifacts'])).code).toBe(1);
  });

  it('tooltool keeps files by hash, and asks again only for one that was damaged', async () => {
    const body = Buffer.from('a tool');
    const digest = createHash('sha512').update(body).digest('hex');
    files.set(`/sha512/${digest}`, body);
    const entry = { filename: 'tool', size: body.length, algorithm: 'sha512', digest, visibility: 'public' };
    writeFileSync(join(home, 'm.tt'), JSON.stringify([entry]));
    const fetch = (dest: string) =>
      run(['tooltool', '--cache-folder=tooltool-cache', `--url=${url}/`, '-d', dest, 'm.tt']);
    asked.length = 0;
    for (const dest of ['t1', 't2']) {
      expect((await fetch(dest)).code).toBe(0);
      expect(text(`${dest}/tool`)).toBe('a tool');
    }
    expect(asked.length).toBe(1);
    writeFileSync(join(home, 'tooltool-cache', digest), 'A TOOL');
    expect((await fetch('t3')).code).toBe(0);
    expect([text('t3/tool'), asked.length]).toEqual(['a tool', 2]);
  });

  it.each([
    [[{ filename: '../x', size: 1, algorithm: 'sha512', digest: 'a'.repeat(128) }], /no file name/],
    [[{ filename: 'x', size: 1, algorithm: 'sha512', digest: '../../x' }], /digest/],
    [[{ filename: 'x', size: 1, algorithm: 'md5', digest: 'a'.repeat(32) }], /algorithm/],
    ['{', /no JSON list/],
  ])('tooltool refuses the manifest %j', async (manifest, message) => {
    writeFileSync(join(home, 'bad.tt'), JSON.stringify(manifest));
    const { code, output } = await run(['tooltool', 'bad.tt']);
    expect([code, output]).toEqual([1, expect.stringMatching(message)]);
  });

  it.each([
    [[]],
    [['nonsense']],
    [['static-url', 'a', 'b']],
    [['static-url', '--nonsense']],
    [['task-artifacts', 'x', '-d', '.']],
  ])('usage errors are 2: %j', async (args) => {
    const { code, output } = await run(args);
    expect([code, output]).toEqual([2, expect.stringContaining('usage: fetch-content')]);
  });
});
