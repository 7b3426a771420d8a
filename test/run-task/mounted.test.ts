import { spawnSync } from 'node:child_process';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CheckoutTrial } from './hostile/repository.ts';
import { forms, isRoot, Sandbox, someone } from './wrapper.ts';

const canMount = isRoot && spawnSync('unshare', ['-m', 'sh', '-c', 'mount --bind /tmp /mnt']).status === 0;

describe.skipIf(!canMount).each(forms)('checkouts where something is mounted: %s', (form) => {
  const trial = new CheckoutTrial(new Sandbox(undefined, form));
  const { box } = trial;
  afterAll(() => trial.remove());

  const builds = join(box.path, 'builds');
  const caches = join(builds, 'checkouts');
  const source = `file://${trial.source}`;

  /** Mounts a folder of its own at each path below `builds`, and has run-task check out into one, and run a script there. */
  const run = (mounted: readonly string[], checkout: string, script: string, env: Record<string, string>) => {
    const mounts = mounted.map((path) => {
      const folder = box.folder(`mounted/${relative(builds, path).replaceAll('/', '-')}`);
      return `mkdir -p ${path}; mount --bind ${folder} ${path}`;
    });
    const who = [`--user=${someone.user}`, `--group=${someone.group}`];
    const command = [...box.program, ...who, `--vcs-checkout=${checkout}`, '--', 'sh', '-ec', script];
    const done = spawnSync(
      'unshare',
      ['-m', 'sh', '-ec', `${mounts.join('; ')}; exec "$@"`, 'sh', ...command],
      {
        encoding: 'utf8',
        cwd: box.path,
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: box.path,
          VCS_REPOSITORY_TYPE: 'git',
          VCS_HEAD_REPOSITORY: source,
          VCS_HEAD_REF: 'main',
          ...env,
        },
      },
    );
    return { status: done.status, output: `${done.stdout}${done.stderr}` };
  };

  it('in the root of a volume', () => {
    const volume = join(builds, 'volume');
    const script = `cd ${volume}; test -z "$(git status --porcelain --ignored)"; git fsck --strict; cat README`;
    const { status, output } = run([volume], volume, script, { TASKCLUSTER_VOLUMES: volume });
    expect(status, output).toBe(0);
    expect(output).toMatch(/\[task [^\]]*\] one\n/);
  });

  it('a cache in a checkout keeps its content when the checkout is made, updated, and made again', () => {
    const checkout = join(caches, 'src');
    const inner = join(checkout, 'made/objects');
    const env = { TASKCLUSTER_CACHES: `${caches};${inner}` };
    const look = 'test "$(git status --porcelain --ignored)" = "?? made/"; git fsck --strict';
    const script = `cd ${checkout}; ${look}; echo >> made/objects/runs; touch untracked made/more; wc -l < made/objects/runs`;
    const runs = [script, `${script}; rm .git/HEAD`, script].map((one) =>
      run([caches, inner], checkout, one, env),
    );
    expect(
      runs.map(({ status }) => status),
      runs.map(({ output }) => output).join('\n'),
    ).toEqual([0, 0, 0]);
    expect(runs[2]?.output).toContain('deleted and cloned again');
    expect(runs[2]?.output).toMatch(/\[task [^\]]*\] 3\n/);
  });

  it.skipIf(spawnSync('hg', ['--version']).status !== 0)(
    'hg cannot clone around a cache, and says so',
    () => {
      const checkout = join(caches, 'hg');
      const inner = join(checkout, 'objects');
      const env = {
        TASKCLUSTER_CACHES: `${caches};${inner}`,
        HG_STORE_PATH: join(caches, 'store'),
        VCS_REPOSITORY_TYPE: 'hg',
      };
      const runs = [1, 2].map(() => run([caches, inner], checkout, 'true', env));
      expect(runs.map(({ status }) => status)).toEqual([1, 1]);
      expect(runs[1]?.output).toContain(`error: hg cannot clone into ${checkout}, where ${inner} is mounted`);
    },
  );
});
