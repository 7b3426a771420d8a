import {
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Sandbox, another, isRoot, someone, taskGid, taskUid } from './wrapper.ts';

describe('caches', () => {
  const box = new Sandbox();
  afterAll(() => box.remove());
  let count = 0;
  const newCache = () => {
    const cache = box.folder(`cache-${count++}`);
    if (isRoot) chownSync(cache, taskUid, taskGid);
    return cache;
  };
  const requirements = [`gid=${taskGid}`, `uid=${taskUid}`, 'version=1'];
  const lines = (cache: string) => readFileSync(join(cache, '.cacherequires'), 'utf8').trim().split('\n');
  const say = ['--', 'echo', 'ran'];

  it('S1: takes cache paths from TASKCLUSTER_CACHES and hides the variable from the command', () => {
    const env = {
      TASKCLUSTER_CACHES: newCache(),
      TASKCLUSTER_VOLUMES: newCache(),
      TASKCLUSTER_UNTRUSTED_CACHES: '1',
    };
    const { status, task } = box.run(['--', 'env'], { ...env, OTHER: 'stays' });
    expect(status).toBe(0);
    expect(task.filter((line) => line.startsWith('TASKCLUSTER_'))).toEqual([]);
    expect(task).toContain('OTHER=stays');
  });

  it('S2: an empty cache gets sorted, read-only requirements', () => {
    const cache = newCache();
    expect(box.run(say, { TASKCLUSTER_CACHES: cache }).task).toEqual(['ran']);
    expect(lines(cache)).toEqual(requirements);
    const file = statSync(join(cache, '.cacherequires'));
    expect(file.mode & 0o777).toBe(0o444);
    expect(file.uid).toBe(isRoot ? 0 : taskUid);
    expect(statSync(cache).uid).toBe(taskUid);
  });

  it('S3: a populated cache is compared; on mismatch both sides are printed and the task fails fast with 72', () => {
    const cache = newCache();
    const env = { TASKCLUSTER_CACHES: cache };
    expect(box.run(say, env).status).toBe(0);
    expect(box.run(say, { ...env, TASK_ID: 'task-two' }).task).toEqual(['ran']);
    writeRequirements(cache, ['gid=1', 'uid=1', 'version=1', 'more=1']);
    const refused = box.run(say, env);
    expect(refused.status).toBe(72);
    expect(refused.task).toEqual([]);
    for (const text of ['gid=1 more=1 uid=1 version=1', requirements.join(' '), 'task-two] used']) {
      expect(refused.output).toContain(text);
    }
  });

  it('S4: content without requirements aborts with 72, a path that is no directory with 1, and the reason', () => {
    const cache = newCache();
    writeFileSync(join(cache, 'left-over'), '');
    const populated = box.run(say, { TASKCLUSTER_CACHES: cache });
    expect([populated.status, populated.task]).toEqual([72, []]);
    expect(populated.output).toContain('is not empty');
    const file = join(cache, 'left-over');
    const none = box.run(say, { TASKCLUSTER_CACHES: file });
    expect([none.status, none.task]).toEqual([1, []]);
    expect(none.output).toContain(`cache ${file} is not a directory`);
  });

  it.each(['TASKCLUSTER_CACHES', 'TASKCLUSTER_VOLUMES'])('an empty path in %s is a mistake', (variable) => {
    const { status, task, output } = box.run(say, { [variable]: `${newCache()};` });
    expect([status, task]).toEqual([1, []]);
    expect(output).toContain(`${variable}=`);
    expect(output).toContain('has an empty path');
  });

  it('S5: another version in the requirements forces a fresh cache, trusted or not', () => {
    for (const env of [{}, { TASKCLUSTER_UNTRUSTED_CACHES: '1' }]) {
      const cache = newCache();
      writeRequirements(cache, [`gid=${taskGid}`, `uid=${taskUid}`, 'version=0']);
      const { status, output } = box.run(say, { ...env, TASKCLUSTER_CACHES: cache });
      expect(status).toBe(72);
      expect(output).toMatch(/version=0[\s\S]*version=1/);
    }
  });

  it.each([
    ['empty', (path: string) => writeFileSync(path, '')],
    ['torn', (path: string) => writeFileSync(path, `gid=${taskGid}\nuid=`)],
    ['a directory', (path: string) => mkdirSync(path)],
    ['a link', (path: string) => symlinkSync('/etc/hostname', path)],
    ['of one line too few', (path: string) => writeFileSync(path, 'version=1\n')],
  ])('requirements that are %s make a cache unusable', (_what, make) => {
    const cache = newCache();
    make(join(cache, '.cacherequires'));
    const { status, task } = box.run(say, { TASKCLUSTER_CACHES: cache, TASKCLUSTER_UNTRUSTED_CACHES: '1' });
    expect([status, task]).toEqual([72, []]);
  });

  it('prepares a cache once, however often and in whichever spelling it is listed, and caches inside one another', () => {
    const outer = newCache();
    const inner = join(outer, 'a/b');
    mkdirSync(inner, { recursive: true });
    const list = `${outer};${inner}/;${outer}/;${outer}/a/../a/b`;
    const { status, output } = box.run(say, { TASKCLUSTER_CACHES: list, TASKCLUSTER_VOLUMES: `${outer}/` });
    expect(status).toBe(0);
    expect(output.match(/is empty; writing/g)).toHaveLength(2);
    expect([lines(outer), lines(inner)]).toEqual([requirements, requirements]);
    expect(statSync(join(outer, 'a')).uid).toBe(taskUid);
    expect(box.run(say, { TASKCLUSTER_CACHES: list }).status).toBe(0);
  });

  it.skipIf(!isRoot)(
    'S6: root is dropped, and tasks of other users cannot use the cache (needs root)',
    () => {
      const cache = newCache();
      const { task } = box.run(['--', 'sh', '-c', 'id -u; id -g; umask'], { TASKCLUSTER_CACHES: cache });
      expect(task).toEqual([String(taskUid), String(taskGid), '0022']);
      writeFileSync(join(cache, 'kept'), '');
      const other = box.run(say, { TASKCLUSTER_CACHES: cache }, another);
      expect([other.status, other.task]).toEqual([72, []]);
      expect(readdirSync(cache)).toContain('kept');
    },
  );

  it.skipIf(!isRoot)(
    'S16: an image with other ids for its user fails fast with 72 and both sides (needs root)',
    () => {
      const cache = newCache();
      expect(box.run(say, { TASKCLUSTER_CACHES: cache }, another).status).toBe(0);
      const { status, output } = box.run(say, { TASKCLUSTER_CACHES: cache }, someone);
      expect(status).toBe(72);
      for (const id of [`uid=${another.uid}`, `uid=${someone.uid}`]) expect(output).toContain(id);
    },
  );

  it.skipIf(!isRoot)(
    'untrusted caches of another user are taken over, links never followed (needs root)',
    () => {
      const cache = newCache();
      const secret = box.folder(`secret-${count}`);
      const make = `cd ${cache}; mkdir -p d/e; echo x > d/e/f; ln d/e/f hard; ln -s ${secret} d/link; chmod 0 d/e`;
      expect(box.run(['--', 'sh', '-c', make], { TASKCLUSTER_CACHES: cache }, another).status).toBe(0);
      const env = { TASKCLUSTER_CACHES: cache, TASKCLUSTER_UNTRUSTED_CACHES: '1' };
      expect(box.run(['--', 'sh', '-c', `cat ${cache}/d/e/f`], env).task).toEqual(['x']);
      const owners = ['d', 'd/e', 'd/e/f', 'hard', 'd/link'].map((name) => lstatSync(join(cache, name)).uid);
      expect(new Set(owners)).toEqual(new Set([taskUid]));
      expect(statSync(secret).uid).toBe(0);
      expect(lines(cache)).toEqual(requirements);
    },
  );

  it.skipIf(isRoot)('a cache handed to us gets our requirements (needs another user than root)', () => {
    const cache = newCache();
    writeRequirements(cache, ['gid=1', 'uid=1', 'version=1']);
    expect(box.run(say, { TASKCLUSTER_CACHES: cache }).status).toBe(0);
    expect(lines(cache)).toEqual(requirements);
  });
});

function writeRequirements(cache: string, lines: readonly string[]): void {
  const path = join(cache, '.cacherequires');
  writeFileSync(`${path}.new`, `${lines.join('\n')}\n`);
  renameSync(`${path}.new`, path);
}
