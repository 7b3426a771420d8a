import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { slugid } from '../../src/base/slugid.ts';
import { caisson, type Finished, report, root, sandboxed, startCaisson } from '../support/caisson.ts';
import { configYml, kindYml, TestRepository } from '../support/repository.ts';

const kind = 'taskcluster/kinds/work/kind.yml';
const repositoryOf = (commands: Record<string, string>, worker = ''): TestRepository =>
  new TestRepository({ 'taskcluster/config.yml': configYml, [kind]: kindYml(commands, worker) });
const instances = (repository: TestRepository): { readonly state: string }[] => {
  const listing = JSON.parse(caisson(repository, ['cache', 'ls', '--json']).stdout) as {
    readonly instances: { readonly state: string }[];
  }[];
  return listing.flatMap((cache) => cache.instances);
};
const leftIn = ({ home }: TestRepository): string[] =>
  ['scratch', 'caches/level-1/doomed', 'caches/level-1/runs'].flatMap((folder) => {
    const path = join(home, folder);
    return existsSync(path) ? readdirSync(path) : [];
  });

describe.skipIf(!sandboxed)('caisson run (needs root and crun)', () => {
  it('runs examples/hello cold, then warm, then not at all', { timeout: 120_000 }, () => {
    using repository = new TestRepository({ 'README.md': 'a b\n' }, join(root, 'examples/hello'));
    const cold = report(caisson(repository, ['run', '--json', '--jobs', '1']));
    expect(cold.ok).toBe(true);
    expect(cold.tasks.map(({ label }) => label).sort()).toEqual([
      'build-greeting',
      'check-lines',
      'check-words',
      'report-summary',
    ]);
    expect(
      cold.tasks.flatMap(({ caches }) => caches).filter(({ why }) => why === 'never seen').length,
    ).toBeGreaterThan(0);
    const warm = report(caisson(repository, ['run', '--json', '--jobs', '1', '--fresh']));
    expect(warm.ok).toBe(true);
    const uses = warm.tasks.flatMap(({ caches }) => caches);
    expect(uses.length).toBeGreaterThan(0);
    for (const use of uses) expect(use).toMatchObject({ state: 'warm', why: null });
    const indexed = report(caisson(repository, ['run', '--json', '--jobs', '1']));
    expect(indexed.tasks.find(({ label }) => label === 'build-greeting')?.state).toBe('skipped');
  });

  it('gives tasks fetch-content', { timeout: 60_000 }, () => {
    using repository = repositoryOf({ one: 'fetch-content task-artifacts --help' });
    expect(caisson(repository, ['run']).status).toBe(0);
  });

  it('gives two tasks at once an instance each, and both are there afterwards', { timeout: 60_000 }, () => {
    const command = (own: string): string =>
      `touch shared/${own}; for i in $(seq 50); do sleep 0.02; done; ls shared`;
    using repository = repositoryOf({ one: command('one'), two: command('two') });
    const first = caisson(repository, ['run', '--json', '--jobs', '2']);
    expect(first.status).toBe(0);
    expect(first.stderr).not.toMatch(/one \|.*\] two$/m);
    const listing = JSON.parse(caisson(repository, ['cache', 'ls', '--json']).stdout) as {
      level: string;
      instances: object[];
    }[];
    expect(listing).toHaveLength(1);
    expect(listing[0]).toMatchObject({ level: '1', trustDomain: 'test' });
    expect(listing[0]!.instances).toHaveLength(2);
    for (const instance of listing[0]!.instances)
      expect(instance).toMatchObject({ state: 'idle', generations: 1 });
  });

  it('does not serve what a killed run has half written, and leaves nothing behind', {
    timeout: 60_000,
  }, async () => {
    using repository = repositoryOf({ write: 'ls shared; echo half > shared/half; echo ready; sleep 30' });
    const { child, exited } = await startCaisson(repository, ['run'], /\] ready/);
    child.kill('SIGKILL');
    await exited;
    repository.write({ [kind]: kindYml({ write: 'ls -A shared; test ! -e shared/half' }) });
    const again = caisson(repository, ['run', '--json']);
    expect(report(again).tasks[0]).toMatchObject({ state: 'completed', caches: [{ state: 'cold' }] });
    expect(instances(repository).map(({ state }) => state)).toEqual(['idle']);
    expect([...leftIn(repository), ...readdirSync(join(repository.home, 'groups'))]).toEqual([]);
  });

  it('goes on after a run that was cut off before it had created a task', { timeout: 60_000 }, () => {
    using repository = repositoryOf({ one: 'true' });
    expect(caisson(repository, ['run']).status).toBe(0);
    writeFileSync(join(repository.home, 'groups', slugid()), '4194304.1');
    expect(caisson(repository, ['run']).status).toBe(0);
    expect(readdirSync(join(repository.home, 'groups'))).toEqual([]);
  });

  it('ends with gc what a killed run has left running', { timeout: 60_000 }, async () => {
    using repository = repositoryOf({ write: 'echo half > shared/half; echo ready; sleep 40.25' });
    const { child, exited } = await startCaisson(repository, ['run'], /\] ready/);
    child.kill('SIGKILL');
    await exited;
    const running = (): number => spawnSync('pgrep', ['-f', '^sleep 40.25']).status ?? 2;
    expect(running()).toBe(0);
    const gc = caisson(repository, ['cache', 'gc', '--min-free', '0', '--min-free-files', '0']);
    expect(gc.stdout).toMatch(/^removed what a killed worker left of run .*\nrolled back /);
    expect(running()).toBe(1);
    expect(leftIn(repository)).toEqual([]);
  });

  it.each(['SIGINT', 'SIGHUP'] as const)(
    'stops on %s within five seconds, with exit code 130 and caches rolled back',
    { timeout: 60_000 },
    async (signal) => {
      using repository = repositoryOf({ long: 'echo half > shared/half; echo ready; sleep 30' });
      const { child, exited, said } = await startCaisson(repository, ['run'], /\] ready/);
      const start = Date.now();
      child.kill(signal);
      expect(await exited).toBe(130);
      expect(Date.now() - start).toBeLessThan(5000);
      expect(said()).toMatch(/^work-long +exception \(canceled\) /m);
      expect(said()).not.toContain('tried again');
      expect(instances(repository)).toEqual([]);
    },
  );

  it('stops when nobody reads what it says', { timeout: 60_000 }, async () => {
    using repository = repositoryOf({
      long: 'echo half > shared/half; echo ready; while sleep 0.1; do echo on; done',
    });
    const { child, exited } = await startCaisson(repository, ['run'], /\] ready/);
    child.stderr!.destroy();
    expect(await exited).toBe(130);
    expect(instances(repository)).toEqual([]);
  });

  it('purges the caches of a task that exits 72 and runs it again', { timeout: 60_000 }, () => {
    using repository = repositoryOf({ refuse: 'exit 72' });
    const finished = caisson(repository, ['run', '--json']);
    expect(finished.status).toBe(1);
    const [task] = report(finished).tasks;
    expect(task!.reason).toMatch(/run [2-6] times/);
    expect(task!.caches[0]!.why).toMatch(/purged|refused/);
  });

  it('keeps what a failing task wrote, and says the exit code', { timeout: 60_000 }, () => {
    using repository = repositoryOf({ fails: 'echo x >> shared/x; exit 3' });
    expect(report(caisson(repository, ['run', '--json'])).tasks[0]).toMatchObject({
      state: 'failed',
      exitCode: 3,
    });
    expect(report(caisson(repository, ['run', '--json'])).tasks[0]!.caches[0]).toMatchObject({
      state: 'warm',
      generation: 1,
    });
  });

  it('says which byte of run-task made every cache cold', { timeout: 60_000 }, () => {
    using repository = repositoryOf({ one: 'true' });
    expect(caisson(repository, ['run']).status).toBe(0);
    const other = join(repository.folder, 'dist');
    cpSync(join(root, 'dist'), other, { recursive: true, filter: (path) => !path.endsWith('/executables') });
    symlinkSync(join(root, 'node_modules'), join(repository.folder, 'node_modules'));
    repository.write({ '../dist/run-task.mjs': `${readText(join(other, 'run-task.mjs'))}\n//x\n` });
    const again = caissonOf(other, repository, ['run', '--json']);
    expect(report(again).tasks[0]!.caches[0]).toMatchObject({ state: 'cold' });
    expect(caissonOf(other, repository, ['cache', 'why', 'work-one']).stdout).toMatch(
      /wrapper [0-9a-f]{4}… → [0-9a-f]{4}…/,
    );
  });
});

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

function caissonOf(dist: string, repository: TestRepository, args: readonly string[]): Finished {
  const done = spawnSync(process.execPath, [join(dist, 'cli.mjs'), ...args], {
    cwd: repository.top,
    encoding: 'utf8',
    env: { ...process.env, CAISSON_HOME: repository.home },
  });
  return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}
