import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sandbox, isRoot, taskGid, taskUid } from './wrapper.ts';

describe('checkouts', () => {
  const box = new Sandbox();
  const source = box.folder('source');
  const cache = box.folder('checkouts');
  const checkout = join(cache, 'src');
  const readme = () => readFileSync(join(checkout, 'README'), 'utf8');
  let first = '';
  afterAll(() => box.remove());

  const git = (...args: string[]) => {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.test'];
    const done = spawnSync('git', [...identity, ...args], { cwd: source, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stdout.trim();
  };
  const commit = (text: string) => {
    writeFileSync(join(source, 'README'), text);
    git('add', '-A');
    git('commit', '-q', '-m', text);
    return git('rev-parse', 'HEAD');
  };
  const env = {
    TASKCLUSTER_CACHES: cache,
    VCS_REPOSITORY_TYPE: 'git',
    VCS_HEAD_REPOSITORY: `file://${source}`,
    VCS_HEAD_REF: 'main',
  };
  const run = (script: string, more: Record<string, string> = {}) =>
    box.run([`--vcs-checkout=${checkout}`, '--', 'sh', '-c', `cd ${checkout}; ${script}`], {
      ...env,
      ...more,
    });

  beforeAll(() => {
    git('init', '-q', '-b', 'main');
    writeFileSync(join(source, '.gitignore'), '*.o\n');
    first = commit('one');
  });

  it('S13: git: clones into a cache, updates the warm clone, and cleans what tasks left', () => {
    const cold = run(
      'echo $VCS_HEAD_REV; echo x > untracked; echo x > x.o; echo edit > README; mkdir d; chmod 500 d; echo > "naïve	name"',
    );
    expect(cold.status).toBe(0);
    expect(cold.task).toEqual([first]);
    const second = commit('two');
    const warm = run('ls; git status --porcelain; git rev-parse HEAD');
    expect(warm.task).toEqual(['README', second]);
    expect(warm.output).not.toContain('"clone"');
    expect(existsSync(join(box.path, '.gitconfig'))).toBe(false);
  });

  it('S13: git: a revision behind the tip, and an unknown one, which ends with the code of git', () => {
    expect(run('git rev-parse HEAD', { VCS_HEAD_REV: first }).task).toEqual([first]);
    const unknown = run('echo ran', { VCS_HEAD_REV: 'a'.repeat(40) });
    expect([unknown.status, unknown.task]).toEqual([128, []]);
  });

  it('S13: git: what a killed run left (a lock, half a clone) does not stay in the way', () => {
    run('touch .git/index.lock');
    expect(run('echo ran').task).toEqual(['ran']);
    rmSync(join(checkout, '.git/refs'), { recursive: true });
    rmSync(join(checkout, '.git/HEAD'));
    expect(run('echo again').task).toEqual(['again']);
    const objects = join(checkout, '.git/objects');
    rmSync(objects, { recursive: true });
    mkdirSync(objects);
    expect(run('echo healed').task).toEqual(['healed']);
    expect(readme()).toBe('two');
  });

  it('S13: git: hooks that an earlier task planted do not run', () => {
    run(
      'printf "#!/bin/sh\\necho planted > ../planted\\n" > .git/hooks/post-checkout; chmod +x .git/hooks/post-checkout',
    );
    expect(run('echo ran').task).toEqual(['ran']);
    expect(existsSync(join(cache, 'planted'))).toBe(false);
  });

  it('S13: git: nested checkouts are kept when the outer one is cleaned', () => {
    const inner = join(checkout, 'inner');
    const both = {
      ...env,
      REPOSITORIES: '{"vcs": "Outer", "in": "Inner"}',
      IN_REPOSITORY_TYPE: 'git',
      IN_HEAD_REPOSITORY: `file://${source}`,
      IN_HEAD_REF: 'main',
    };
    const args = [`--in-checkout=${inner}`, `--vcs-checkout=${checkout}`, '--', 'cat', `${inner}/README`];
    expect(box.run(args, both).status).toBe(0);
    const again = box.run(args, both);
    expect(again.task).toEqual(['two']);
    expect(again.output).not.toContain('"clone"');
  });

  it.each([
    ['missing', '/nowhere'],
    ['read-only', '/proc'],
  ])('S13: git: a %s TMPDIR is told of, and purges no cache', (_name, folder) => {
    const done = run('echo ran', { TMPDIR: folder });
    expect([done.status, done.task], done.output).toEqual([1, []]);
    expect(done.output).toContain(`error: no temporary files in ${folder} (TMPDIR): `);
    expect(run('echo ran').output).not.toContain('"clone"');
  });

  it('a checkout into the root of a cache is refused', () => {
    const { status, output } = box.run([`--vcs-checkout=${cache}`, '--', 'true'], env);
    expect(status).toBe(1);
    expect(output).toContain(`cannot perform vcs checkout into cache root: ${cache}`);
  });

  it('S13: hg: checks out through the shared store (with a stand-in for hg)', () => {
    const tools = box.folder('tools');
    const revision = 'b'.repeat(40);
    const script = `#!/bin/sh\nif [ "$1" = log ]; then printf ${revision}; exit; fi\n[ "$1" = help ] && exit 0\necho "$@"; for last; do :; done; mkdir -p "$last"\n`;
    writeFileSync(join(tools, 'hg'), script, { mode: 0o755 });
    const store = join(cache, 'hg-store');
    const place = join(cache, 'hg-src');
    const done = box.run(
      [`--vcs-checkout=${place}`, '--', 'sh', '-c', 'echo $VCS_HEAD_REV; stat -c %u:%g "$HG_STORE_PATH"'],
      {
        ...env,
        VCS_REPOSITORY_TYPE: 'hg',
        VCS_HEAD_REPOSITORY: 'https://hg.example.test/repo',
        HG_STORE_PATH: store,
        PATH: `${tools}:${process.env['PATH'] ?? ''}`,
      },
    );
    expect(done.task).toEqual([revision, `${taskUid}:${taskGid}`]);
    expect(done.output).toContain(
      `robustcheckout --sharebase ${store} --purge --branch main https://hg.example.test/repo ${place}`,
    );
    expect(isRoot || done.status === 0).toBe(true);
  });
});
