import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { unpack } from '../../src/archive/unpack.ts';
import { sha256 } from '../../src/base/hash.ts';
import { isRoot, someone } from './wrapper.ts';

const dist = join(import.meta.dirname, '../../dist');
const folder = join(dist, 'executables', `${process.platform}-${process.arch}`);
const executable = join(folder, 'run-task');
const current = digestIn(join(folder, 'built.json')) === readText(join(dist, 'run-task.sha256')).trim();
const asRoot = current && isRoot;
const who = isRoot ? [`--user=${someone.user}`, `--group=${someone.group}`] : [];

describe('the stand-alone executable (needs: npm run build)', () => {
  const place = mkdtempSync(join(tmpdir(), 'executable-'));
  chmodSync(place, 0o755);
  afterAll(() => rmSync(place, { recursive: true, force: true }));
  const folderOf = (name: string, files: Record<string, string>): string => {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(place, name, file)), { recursive: true });
      writeFileSync(join(place, name, file), text);
    }
    return join(place, name);
  };

  it.runIf(current)('runs a command: prefixes, /dev/stdout by name, order of streams, exit code', () => {
    const script = 'echo a; echo b >/dev/stdout; echo c >&2; exit 3';
    const { status, stdout } = run(executable, [...who, '--', 'sh', '-c', script], { cwd: place });
    expect(status).toBe(3);
    expect(taskLines(stdout)).toEqual(['a', 'b', 'c']);
  });

  it.runIf(asRoot)('becomes a user with large ids and any number of groups', () => {
    const groups = Array.from({ length: 100 }, (_, at) => `g${at}:x:${2000 + at}:big\n`);
    const cwd = folderOf('accounts', {
      passwd: 'root:x:0:0::/:/bin/sh\nbig:x:4000000000:4000000001::/:/bin/sh\n',
      group: `big:x:4000000001:\n${groups.join('')}`,
    });
    const bind = 'mount --bind passwd /etc/passwd; mount --bind group /etc/group; exec "$@"';
    const as = ['--user=big', '--group=big', '--', 'sh', '-c', 'id -ru; id -rg; id -G | wc -w'];
    const { stdout } = run('unshare', ['--mount', 'sh', '-ec', bind, 'sh', executable, ...as], { cwd });
    expect(taskLines(stdout), stdout).toEqual(['4000000000', '4000000001', '101']);
  });

  it.runIf(current)('obeys no file of the folder that it starts in', () => {
    const cwd = folderOf('files', {
      '.env': 'FROM_DOTENV=yes\n',
      '.env.local': 'FROM_DOTENV=yes\n',
      '.env.production': 'FROM_DOTENV=yes\n',
      'bunfig.toml': 'preload = ["./preloaded.js"]\n[run]\npreload = ["./preloaded.js"]\n',
      'preloaded.js': 'console.log("PRELOADED"); process.exit(9);\n',
      'tsconfig.json': '{ not json',
      'package.json': '{ not json',
      'node_modules/.bin/sh': 'echo WRONG SH\n',
    });
    const { status, stdout, stderr } = run(executable, [...who, '--', 'sh', '-c', 'env'], { cwd });
    expect(`${stdout}${stderr}`).not.toMatch(/FROM_DOTENV|PRELOADED|WRONG/);
    expect(status).toBe(0);
  });

  it.runIf(current).each([
    ['BUN_OPTIONS', '--preload ./preloaded.js'],
    ['BUN_OPTIONS', '--version'],
    ['BUN_BE_BUN', '1'],
    ['BUN_INSPECT', '127.0.0.1:0?wait=1'],
    ['BUN_INSPECT_PRELOAD', './preloaded.js'],
    ['NODE_OPTIONS', '--require ./preloaded.js'],
  ])('does not obey %s=%s, and hands it to the command', (name, value) => {
    const cwd = folderOf('variables', { 'preloaded.js': 'console.log("PRELOADED"); process.exit(9);\n' });
    const command = ['sh', '-c', `printenv ${name}`];
    const { status, stdout } = run(executable, [...who, '--', ...command], { cwd, env: { [name]: value } });
    expect(taskLines(stdout)).toEqual([value]);
    expect(status).toBe(0);
  });

  it.runIf(current)(
    'finds a command by an empty entry of PATH, as a shell does: in the working directory',
    () => {
      writeFileSync(join(place, 'here'), '#!/bin/sh\necho found\n', { mode: 0o755 });
      const { status, stdout } = run(executable, [...who, '--', 'here'], {
        cwd: place,
        env: { PATH: ':/usr/bin' },
      });
      expect([status, stdout]).toEqual([0, expect.stringContaining('] found\n')]);
    },
  );

  it.runIf(current)('adds nothing to the environment of the command but TASK_WORKDIR', () => {
    const { stdout } = run(executable, [...who, '--', 'env'], { cwd: place, env: { A: '1' } });
    const names = taskLines(stdout).map((line) => line.split('=')[0]);
    expect(new Set(names)).toEqual(new Set(['A', 'HOME', 'PATH', 'TASK_WORKDIR']));
  });

  it.runIf(current)('is fetch-content under that name, and packs zstd with no program in PATH', async () => {
    const body = Buffer.from('plain');
    const server = createServer((_, response) => response.end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const known = ['--sha256', sha256(body), '--size', String(body.length), '--force-archive'];
    const args = ['static-url', ...known, `http://127.0.0.1:${port}/plain`, join(place, 'plain.tar.zst')];
    const child = spawn(join(folder, 'fetch-content'), args, { env: { PATH: '/nowhere' }, stdio: 'ignore' });
    const code = await new Promise((resolve) => child.on('exit', resolve));
    server.close();
    expect(code).toBe(0);
    expect(await unpack(join(place, 'plain.tar.zst'), folderOf('unpacked', { there: '' }))).toBe(true);
    expect(readText(join(place, 'unpacked/plain'))).toBe('plain');
  });

  it.runIf(asRoot)('as process 1 collects orphans and keeps the exit code (needs root)', () => {
    const script = [
      'for i in 1 2 3; do (sleep 0.2 &); done; sleep 1',
      'for f in /proc/[0-9]*/stat; do read -r line <"$f" && echo "$line"; done | grep -c ") Z "',
      'exit 5',
    ].join('\n');
    const isolated = ['--pid', '--fork', '--mount-proc', '--kill-child', executable];
    const { status, stdout } = run('unshare', [...isolated, ...who, '--', 'sh', '-c', script], {
      cwd: place,
    });
    expect(taskLines(stdout)).toEqual(['0']);
    expect(status).toBe(5);
  });

  it.runIf(asRoot)('needs nothing but the C library: a root of libc, git and sh (needs root)', () => {
    const bare = join(place, 'bare');
    const programs = ['/bin/sh', which('git')];
    const libraries = [executable, ...programs].flatMap(librariesOf);
    for (const file of new Set([...programs, ...libraries])) copyInto(bare, file);
    copyFileSync(which('git'), join(bare, dirname(which('git')), 'git-upload-pack'));
    copyFileSync(executable, join(bare, 'run-task'));
    writeFileSync(join(bare, 'repo.sh'), makeRepository);
    for (const made of ['etc', 'tmp', 'proc', 'dev', 'cache'])
      mkdirSync(join(bare, made), { recursive: true });
    chmodSync(join(bare, 'tmp'), 0o1777);
    writeFileSync(join(bare, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nworker:x:1000:1000::/:/bin/sh\n');
    writeFileSync(join(bare, 'etc/group'), 'root:x:0:\nworker:x:1000:\n');
    const env = {
      GIT_CONFIG_NOSYSTEM: '1',
      REPOSITORIES: '{"r": "repository"}',
      R_REPOSITORY_TYPE: 'git',
      R_HEAD_REPOSITORY: '/repo',
      R_HEAD_REF: 'main',
      TASKCLUSTER_CACHES: '/cache',
    };
    const mounts = 'mount -t proc proc "$1/proc" && mount --bind /dev "$1/dev"';
    const inside = `chroot "$1" /bin/sh /repo.sh && exec chroot "$1" /run-task --r-checkout=/cache/r -- git -C /cache/r log --format=%s`;
    const args = [
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      'sh',
      '-c',
      `${mounts} && ${inside}`,
      'sh',
      bare,
    ];
    const { status, stdout, stderr } = run('unshare', args, { cwd: place, env });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^\[task [^\]]*\] one$/m);
    expect(status).toBe(0);
  });
});

const makeRepository = `
export HOME=/ GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a
git init -q --template= -b main /repo && cd /repo && git commit -q --allow-empty -m one
`;

function run(
  program: string,
  args: readonly string[],
  { cwd, env = {} }: { cwd: string; env?: Record<string, string> },
): SpawnSyncReturns<string> {
  const base = { PATH: process.env['PATH'] ?? '', HOME: cwd };
  return spawnSync(program, args, { cwd, encoding: 'utf8', env: { ...base, ...env }, timeout: 20_000 });
}

function taskLines(output: string): string[] {
  return output.split('\n').flatMap((line) => /^\[task [^\]]*\] (?!executing \[)(.*)$/.exec(line)?.[1] ?? []);
}

function which(program: string): string {
  return spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
}

function librariesOf(program: string): string[] {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!);
}

function copyInto(root: string, file: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  copyFileSync(file, join(root, file));
}

function digestIn(note: string): string | null {
  return existsSync(note) ? (JSON.parse(readText(note)) as { digest: string }).digest : null;
}

function readText(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
