import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Sandbox, forms, another, isRoot, someone, taskGid, taskUid } from '../wrapper.ts';

const fitting = `gid=${taskGid}\nuid=${taskUid}\nversion=1\n`;

describe('a hostile task and its cache', () => {
  const box = new Sandbox();
  afterAll(() => box.remove());
  const secret = join(box.path, 'secret');
  writeFileSync(secret, 'SECRET\n', { mode: 0o600 });
  let count = 0;
  const newCache = () => {
    const cache = box.folder(`cache-${count++}`);
    chownSync(cache, taskUid, taskGid);
    return cache;
  };
  const run = (cache: string, script = 'echo ran', more: Record<string, string> = {}, user = someone) =>
    box.run(['--', 'sh', '-c', script], { TASKCLUSTER_CACHES: cache, ...more }, user);
  const isIntact = () => {
    expect(readFileSync(secret, 'utf8')).toBe('SECRET\n');
    expect([statSync(secret).uid, statSync(secret).mode & 0o7777]).toEqual([process.getuid?.(), 0o600]);
  };

  it.skipIf(!isRoot).each([
    ['a link to a file of root', (path: string) => symlinkSync(secret, path)],
    ['a hard link to a file of root', (path: string) => linkSync(secret, path)],
    ['a dangling link', (path: string) => symlinkSync(join(box.path, 'made-by-root'), path)],
    ['a link to itself', (path: string) => symlinkSync('.cacherequires', path)],
    ['a directory', (path: string) => mkdirSync(path)],
    ['a pipe', (path: string) => spawnSync('mkfifo', [path])],
    [
      'a socket',
      (path: string) =>
        spawnSync('python3', ['-c', `import socket; socket.socket(socket.AF_UNIX).bind("${path}")`]),
    ],
    ['a device', (path: string) => spawnSync('mknod', [path, 'c', '1', '5'])],
    ['forged', (path: string) => forge(path, fitting)],
    ['very large', (path: string) => forge(path, `${fitting}${'x'.repeat(1 << 20)}`, 0)],
    [
      'full of escape sequences',
      (path: string) => forge(path, '\u001b]0;owned\u0007\u009b31m=1\nversion=\u001b[2J1\n', 0),
    ],
    ['with a line twice and one too many', (path: string) => forge(path, `${fitting}uid=0\n`, 0)],
  ])('requirements that are %s: refused with 72, nothing read, printed or changed', (_what, make) => {
    const cache = newCache();
    run(cache);
    rmSync(join(cache, '.cacherequires'));
    make(join(cache, '.cacherequires'));
    for (const more of [{}, { TASKCLUSTER_UNTRUSTED_CACHES: '1' }]) {
      const { status, output, task } = run(cache, 'echo ran', more);
      expect([status, task], output).toEqual([72, []]);
      expect(output).not.toContain('SECRET');
      // oxlint-disable-next-line no-control-regex
      expect(output).not.toMatch(/[\u0007\u001b\u0080-\u009f]/);
    }
    isIntact();
    expect(existsSync(join(box.path, 'made-by-root'))).toBe(false);
  });

  it.skipIf(!isRoot).each([
    ['a link to a file of root', (path: string) => symlinkSync(secret, path)],
    ['a hard link to a file of root', (path: string) => linkSync(secret, path)],
    ['a pipe', (path: string) => spawnSync('mkfifo', [path])],
    ['a directory', (path: string) => mkdirSync(path)],
    ['a file of the task', (path: string) => forge(path, 'lies\n')],
  ])('an audit log that is %s: never opened, and the task runs', (_what, make) => {
    const cache = newCache();
    run(cache);
    rmSync(join(cache, '.cachelog'));
    make(join(cache, '.cachelog'));
    expect(run(cache).task).toEqual(['ran']);
    isIntact();
    const log = lstatSync(join(cache, '.cachelog'));
    if (log.isFile())
      expect(readFileSync(join(cache, '.cachelog'), 'utf8')).toMatch(/^\[\S+ task-one\] used\n$/);
  });

  it('an audit log of gigabytes is bounded, and what it holds moves no cursor', () => {
    const cache = newCache();
    run(cache);
    const log = join(cache, '.cachelog');
    writeFileSync(log, `\u001b[2J\u202eevil\n${'x'.repeat(1000)}\n`.repeat(3000), { mode: 0o644 });
    if (isRoot) spawnSync('truncate', ['-s', '4G', log]);
    expect(run(cache).status).toBe(0);
    expect(statSync(log).size).toBeLessThan(100_000);
    writeFileSync(log, '\u001b[2J\u202eevil\n');
    const long = run(cache, 'true', { TASK_ID: `t\u001b[31m${'y'.repeat(50_000)}` });
    expect(long.status).toBe(0);
    expect(statSync(log).size).toBeLessThan(3000);
    renameSync(join(cache, '.cacherequires'), join(cache, 'away'));
    const refused = run(cache);
    expect(refused.status).toBe(72);
    expect(refused.output).toContain('evil');
    // oxlint-disable-next-line no-control-regex
    expect(refused.output).not.toMatch(/[\u001b]|\u00e2\u0080\u00ae/);
  });

  it('content cannot hide behind the names of our own temporary files', () => {
    const cache = newCache();
    mkdirSync(join(cache, '.cacherequires.tmp-0123456789ab'));
    writeFileSync(join(cache, '.cacherequires.tmp-0123456789ab/evil'), '');
    expect(run(cache).status).toBe(72);
    const other = newCache();
    writeFileSync(join(other, '.cacherequires.tmp-0123456789ab'), fitting);
    expect(run(other).task).toEqual(['ran']);
    expect(readdirSync(other).sort()).toEqual(['.cachelog', '.cacherequires']);
  });

  it.skipIf(!isRoot)(
    'a directory that is closed, or belongs to another user, is mended or refused (needs root)',
    () => {
      const cache = newCache();
      run(cache, `chmod 0 ${cache}`);
      expect(run(cache, `touch ${cache}/x && echo ran`).task).toEqual(['ran']);
      chownSync(cache, another.uid, another.gid);
      expect(run(cache).status).toBe(72);
    },
  );

  it('keeps the mode that a cache directory has, and lets its user in', () => {
    const cache = newCache();
    chmodSync(cache, 0o1070);
    expect(run(cache).status).toBe(0);
    expect(statSync(cache).mode & 0o7777).toBe(0o1770);
  });

  it.skipIf(!isRoot)('nothing that a task can put into PATH runs as root (needs root)', () => {
    const cache = newCache();
    run(cache);
    const tools = join(cache, 'bin');
    mkdirSync(tools);
    const marks = box.folder('marks');
    chmodSync(marks, 0o777);
    for (const name of ['mkfifo', 'chown', 'id', 'git', 'perl', 'python3', 'sync', 'getent', 'sh']) {
      const script = `#!/bin/dash\n/usr/bin/id -u > ${marks}/${name}\nexec /usr/bin/${name} "$@"\n`;
      writeFileSync(join(tools, name), script, { mode: 0o755 });
    }
    expect(run(cache, 'echo ran', { PATH: `${tools}:${process.env['PATH'] ?? ''}` }).task).toEqual(['ran']);
    const ids = readdirSync(marks).map((name) => readFileSync(join(marks, name), 'utf8').trim());
    expect(new Set(ids)).toEqual(new Set([String(taskUid)]));
  });

  it.skipIf(!isRoot)(
    'variables that steer Node, Python, git, hg and the linker do nothing to the set-up (needs root)',
    () => {
      const cache = newCache();
      const marks = box.folder('steered');
      writeFileSync(
        join(box.path, 'evil.cjs'),
        `require('fs').writeFileSync('${marks}/node-' + process.getuid(), '')`,
      );
      const env = {
        NODE_OPTIONS: `--require=${box.path}/evil.cjs`,
        NODE_PATH: box.path,
        PYTHONSTARTUP: join(box.path, 'evil.py'),
        PYTHONPATH: box.path,
        HGRCPATH: join(box.path, 'hgrc'),
        BASH_ENV: join(box.path, 'evil.sh'),
        GIT_DIR: box.path,
      };
      const done = spawnSync(box.bundle, ['--user=nobody', '--group=nogroup', '--', 'env'], {
        env: { PATH: process.env['PATH'] ?? '', HOME: box.path, TASKCLUSTER_CACHES: cache, ...env },
        encoding: 'utf8',
      });
      expect(done.status, done.stderr).toBe(0);
      for (const [name, value] of Object.entries(env)) expect(done.stdout).toContain(`${name}=${value}`);
      expect(readdirSync(marks)).toEqual([]);
    },
  );
});

describe.skipIf(!isRoot).each(forms)(
  'a hostile task and the take-over of its cache: %s (needs root)',
  (form) => {
    const box = new Sandbox(undefined, form);
    afterAll(() => box.remove());
    const outside = box.folder('outside');
    writeFileSync(join(outside, 'file'), 'x', { mode: 0o600 });
    const cacheOf = (name: string, script: string) => {
      const cache = box.folder(name);
      const made = box.run(
        ['--', 'sh', '-c', `cd ${cache}; ${script}`],
        { TASKCLUSTER_CACHES: cache },
        another,
      );
      expect(made.status, made.output).toBe(0);
      return cache;
    };
    const takeOver = (cache: string) =>
      box.run(['--', 'sh', '-c', 'echo ran'], {
        TASKCLUSTER_CACHES: cache,
        TASKCLUSTER_UNTRUSTED_CACHES: '1',
      });
    const owners = (...paths: string[]) => paths.map((path) => lstatSync(path).uid);

    it('changes links and special files themselves, and names of every kind', () => {
      const cache = cacheOf(
        'kinds',
        `ln -s ${outside} link; ln -s ${outside}/file filelink; mkfifo pipe; mkdir -p a/b; touch 'a/new
line' a/b/-rf "$(printf 'a/l\\376tin')"; mkdir "$(printf 'd\\376r')"; touch "$(printf 'd\\376r/in')"; chmod 4755 a/b/-rf; chmod 0 a/b a`,
      );
      expect(takeOver(cache).task).toEqual(['ran']);
      const found = spawnSync(
        'find',
        [cache, '-mindepth', '1', '!', '-name', '.cache*', '!', '-uid', String(someone.uid)],
        { encoding: 'latin1' },
      );
      expect(found.stdout).toBe('');
      expect(owners(outside, join(outside, 'file'))).toEqual([0, 0]);
      // A program that would run as its owner does not become one that runs as the new owner.
      expect(statSync(join(cache, 'a/b/-rf')).mode & 0o7777).toBe(0o755);
    });

    it('leaves a hard link to a file outside alone, and takes one whose names are all inside', () => {
      const cache = cacheOf('links', 'touch own; ln own again');
      linkSync(join(outside, 'file'), join(cache, 'stolen'));
      chownSync(join(outside, 'file'), another.uid, another.gid);
      expect(takeOver(cache).task).toEqual(['ran']);
      expect(owners(join(outside, 'file'), join(cache, 'own'))).toEqual([another.uid, someone.uid]);
      chownSync(join(outside, 'file'), 0, 0);
    });

    it('goes through thousands of files with both threads, hard links among them', () => {
      const make =
        'for d in 1 2 3 4; do mkdir $d; for i in $(seq 2500); do : > $d/$i; done; ln $d/1 $d/same; mkdir $d/sub; done';
      const cache = cacheOf('many', make);
      linkSync(join(outside, 'file'), join(cache, '4/stolen'));
      expect(takeOver(cache).task).toEqual(['ran']);
      const find = ['-mindepth', '1', '!', '-name', '.cache*', '!', '-uid', String(someone.uid)];
      expect(spawnSync('find', [cache, ...find], { encoding: 'utf8' }).stdout).toBe(`${cache}/4/stolen\n`);
      expect(owners(join(outside, 'file'))).toEqual([0]);
    });

    it('a tree too deep for open directories is refused, not half done', () => {
      const cache = cacheOf(
        'deep',
        'i=0; while [ $i -lt 30 ]; do mkdir -p d/d/d/d/d/d/d/d/d/d; cd d/d/d/d/d/d/d/d/d/d; i=$((i+1)); done',
      );
      const limited = spawnSync(
        'sh',
        [
          '-c',
          `ulimit -n 200; exec "$@"`,
          'sh',
          ...box.program,
          '--user=nobody',
          '--group=nogroup',
          '--',
          'true',
        ],
        {
          env: {
            PATH: process.env['PATH'] ?? '',
            TASKCLUSTER_CACHES: cache,
            TASKCLUSTER_UNTRUSTED_CACHES: '1',
          },
          encoding: 'utf8',
        },
      );
      expect(limited.status, limited.stdout).toBe(72);
      const former = box.run(['--', 'true'], { TASKCLUSTER_CACHES: cache }, another);
      expect([former.status, former.output.includes('killed while')]).toEqual([72, true]);
      expect(takeOver(cache).task).toEqual(['ran']);
    });

    it('names that change places with links while ownership is changed lead nowhere', async () => {
      const cache = cacheOf(
        'race',
        'for i in $(seq 60); do mkdir -p d$i/e; for j in $(seq 40); do : > d$i/e/f$j; done; done',
      );
      mkdirSync(join(outside, 'e'));
      for (let at = 1; at <= 40; at++) writeFileSync(join(outside, 'e', `f${at}`), '');
      const racer = spawn(
        'python3',
        [
          '-c',
          `
import os, sys
os.setgid(${another.gid}); os.setuid(${another.uid})
print("up", flush=True)
while os.getppid() == ${process.pid}:
    for i in range(1, 61):
        for level in ("d%d" % i, "d%d/e" % i, "d%d/e/f1" % i):
            try:
                os.rename("${cache}/" + level, "${cache}/" + level + ".away")
                os.symlink("${outside}" + level[len("d%d" % i):], "${cache}/" + level)
                os.unlink("${cache}/" + level)
                os.rename("${cache}/" + level + ".away", "${cache}/" + level)
            except OSError: pass
`,
        ],
        { stdio: ['ignore', 'pipe', 'ignore'] },
      );
      await new Promise((resolve) => racer.stdout.once('data', resolve));
      const codes = new Set<number | null>();
      try {
        for (let round = 0; round < 6; round++) {
          chownSync(cache, another.uid, another.gid);
          codes.add(takeOver(cache).status);
          const inside = readdirSync(outside, { recursive: true, encoding: 'utf8' }).map((name) =>
            join(outside, name),
          );
          expect(new Set(owners(outside, ...inside))).toEqual(new Set([0]));
          forge(join(cache, '.cacherequires'), `gid=${another.gid}\nuid=${another.uid}\nversion=1\n`, 0);
        }
      } finally {
        racer.kill('SIGKILL');
      }
      expect([...codes].every((code) => code === 0 || code === 72)).toBe(true);
    });

    it('another cache inside is another task’s: its own requirements decide', () => {
      const outer = cacheOf('outer', 'true');
      const inner = join(outer, 'inner');
      mkdirSync(inner);
      writeFileSync(join(inner, 'file'), '');
      const both = { TASKCLUSTER_CACHES: `${outer};${inner}`, TASKCLUSTER_UNTRUSTED_CACHES: '1' };
      expect(box.run(['--', 'true'], both).status).toBe(72);
      expect(owners(join(inner, 'file'))).toEqual([0]);
    });
  },
);

describe.skipIf(!isRoot)('a hostile task and the places of a later task (needs root)', () => {
  const box = new Sandbox();
  afterAll(() => box.remove());
  const outside = box.folder('outside');
  const env = (cache: string) => ({
    TASKCLUSTER_CACHES: cache,
    VCS_REPOSITORY_TYPE: 'git',
    VCS_HEAD_REPOSITORY: 'file:///nowhere',
    VCS_HEAD_REF: 'main',
  });

  it.each([
    ['a link', (path: string) => symlinkSync(outside, path)],
    ['a file', (path: string) => writeFileSync(path, '')],
    ['a pipe', (path: string) => spawnSync('mkfifo', [path])],
  ])('%s on the way to a checkout: refused with 72, nothing made or given away elsewhere', (_what, make) => {
    const cache = box.folder(`cache-${_what.replace(' ', '-')}`);
    box.run(['--', 'true'], { TASKCLUSTER_CACHES: cache });
    make(join(cache, 'a'));
    for (const args of [[`--vcs-checkout=${cache}/a/b/src`], [`--vcs-checkout=${cache}/a/src`]]) {
      const done = box.run([...args, '--', 'true'], env(cache));
      expect([done.status, done.task], done.output).toEqual([72, []]);
    }
    expect(readdirSync(outside)).toEqual([]);
    expect(statSync(outside).uid).toBe(0);
  });

  it('a link as the store of hg is refused with 72', () => {
    const cache = box.folder('hg');
    box.run(['--', 'true'], { TASKCLUSTER_CACHES: cache });
    symlinkSync(outside, join(cache, 'hg-store'));
    const more = { VCS_REPOSITORY_TYPE: 'hg', HG_STORE_PATH: join(cache, 'hg-store') };
    expect(box.run([`--vcs-checkout=${cache}/src`, '--', 'true'], { ...env(cache), ...more }).status).toBe(
      72,
    );
    expect(statSync(outside).uid).toBe(0);
  });

  it('gives the task the parent of its checkout and nothing above, as taskgraph’s run-task does', () => {
    const cache = box.folder('parents');
    box.run([`--vcs-checkout=${cache}/a/b/src`, '--', 'true'], env(cache));
    expect([join(cache, 'a'), join(cache, 'a/b')].map((path) => statSync(path).uid)).toEqual([
      0,
      someone.uid,
    ]);
  });
});

function forge(path: string, text: string, owner = taskUid): void {
  writeFileSync(`${path}.new`, text, { mode: 0o444 });
  chownSync(`${path}.new`, owner, owner === 0 ? 0 : taskGid);
  renameSync(`${path}.new`, path);
}
