import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { CheckoutTrial } from '../hostile/repository.ts';
import { another, someone } from '../wrapper.ts';
import { Disk } from '../../support/crash/disk.ts';
import type { Outcome } from '../../support/crash/every-cut.ts';
import type { Run, Scenario } from './scenario.ts';

export function scenariosOf(trial: CheckoutTrial): {
  setUp: Scenario;
  takeOver: Scenario;
  clone: Scenario;
  update: Scenario;
  writing: Scenario;
} {
  const environment = (cache: string) => ({
    PATH: process.env['PATH'] ?? '',
    HOME: trial.box.path,
    TASKCLUSTER_CACHES: cache,
  });
  const runTask = [process.execPath, trial.box.bundle];
  const who = (user: { user: string; group: string }) => [`--user=${user.user}`, `--group=${user.group}`];
  const start = ({ command: [program = '', ...args], env }: Run) => {
    const done = spawnSync(program, args, { env, encoding: 'latin1', cwd: trial.box.path });
    return { status: done.status, output: `${done.stdout}${done.stderr}` };
  };
  const judgeRun = (run: Run, mayRefuse: boolean): Outcome & { output: string } => {
    const { status, output } = start(run);
    if (status === 72 && mayRefuse) return { verdict: 'refused', why: '', output };
    if (status !== 0)
      return {
        verdict: 'wrong',
        why: `exit ${status}: ${output.trim().split('\n').slice(-6).join(' | ')}`,
        output,
      };
    return { verdict: /killed while|cloned again/.test(output) ? 'mended' : 'complete', why: '', output };
  };
  const wrong = (why: string): Outcome => ({ verdict: 'wrong', why });

  const setUp: Scenario = {
    name: 'setting up a cache',
    prepare: (cache) => chownSync(cache, 0, 0),
    run: (cache) => ({
      command: [
        ...runTask,
        ...who(someone),
        '--',
        'sh',
        '-c',
        `cd ${cache} && umask && mkdir -p work && echo result > work/file && test "$(cat work/file)" = result`,
      ],
      env: environment(cache),
    }),
    judge(cache) {
      const outcome = judgeRun(setUp.run(cache), false);
      if (outcome.verdict === 'wrong') return outcome;
      const file = join(cache, '.cacherequires');
      const requirements = existsSync(file) ? readFileSync(file, 'utf8') : 'no requirements';
      return requirements === `gid=${someone.gid}\nuid=${someone.uid}\nversion=1\n`
        ? outcome
        : wrong(requirements);
    },
    powerLoss: 'any order',
  };

  const takeOver: Scenario = {
    name: 'taking a cache over',
    prepare(cache) {
      const { uid, gid } = another;
      mkdirSync(join(cache, 'a/b'), { recursive: true });
      for (const name of ['one', 'a/two', 'a/b/three'])
        writeFileSync(join(cache, name), name, { mode: 0o600 });
      linkSync(join(cache, 'one'), join(cache, 'a/b/again'));
      for (const name of ['', 'a', 'a/b', 'one', 'a/two', 'a/b/three'])
        chownSync(join(cache, name), uid, gid);
      writeFileSync(join(cache, '.cacherequires'), `gid=${gid}\nuid=${uid}\nversion=1\n`, { mode: 0o444 });
    },
    run: (cache) => ({
      command: [
        ...runTask,
        ...who(someone),
        '--',
        'sh',
        '-c',
        `cd ${cache} && cat one a/two a/b/three >/dev/null && touch a/b/new && rm a/b/new`,
      ],
      env: { ...environment(cache), TASKCLUSTER_UNTRUSTED_CACHES: '1' },
    }),
    judge(cache) {
      const copy = `${cache}-copy`;
      Disk.read(cache).write(copy);
      // The former owner: all is still theirs, or they are told to purge.
      const former = { ...takeOver.run(copy), env: environment(copy) };
      const asFormer = judgeRun(
        {
          ...former,
          command: former.command.map((arg) =>
            arg.replace(someone.user, another.user).replace(someone.group, another.group),
          ),
        },
        true,
      );
      rmSync(copy, { recursive: true, force: true });
      if (asFormer.verdict === 'wrong') return wrong(`former owner: ${asFormer.why}`);
      const outcome = judgeRun(takeOver.run(cache), false);
      return outcome.verdict === 'complete' && asFormer.verdict === 'refused'
        ? { verdict: 'mended', why: '' }
        : outcome;
    },
    powerLoss: 'owners in order',
  };

  const checkOut = (cache: string, more: string) => ({
    command: [
      ...runTask,
      ...who(someone),
      `--vcs-checkout=${cache}/src`,
      '--',
      'sh',
      '-c',
      `cd ${cache}/src && ${more} test -z "$(git status --porcelain)" && test "$(git rev-parse HEAD)" = ${trial.git('rev-parse', 'HEAD')} && git fsck --strict && test ! -e .git/run-task-changing`,
    ],
    env: {
      ...environment(cache),
      VCS_REPOSITORY_TYPE: 'git',
      VCS_HEAD_REPOSITORY: `file://${trial.source}`,
      VCS_HEAD_REF: 'main',
    },
  });
  const clone: Scenario = {
    name: 'cloning',
    prepare(cache) {
      chownSync(cache, 0, 0);
      start({ command: [...runTask, ...who(someone), '--', 'true'], env: environment(cache) });
    },
    run: (cache) => checkOut(cache, 'touch ../the-task &&'),
    judge(cache) {
      const place = join(cache, 'src');
      // What is at the place of a checkout has a revision, at any time.
      const asked = existsSync(place)
        ? spawnSync('git', ['-c', 'safe.directory=*', 'rev-parse', '--verify', 'HEAD^{commit}'], {
            cwd: place,
            env: { ...environment(cache), GIT_CEILING_DIRECTORIES: cache },
          })
        : null;
      if (asked !== null && asked.status !== 0)
        return wrong(`half a checkout at its place: ${String(asked.stderr)}`);
      return judgeRun(clone.run(cache), true);
    },
    powerLoss: 'none',
  };
  const update: Scenario = {
    name: 'updating a checkout',
    prepare(cache) {
      chownSync(cache, 0, 0);
      start(clone.run(cache));
      trial.commit({ README: `${Date.now()}\n`, 'new/file': 'new\n' });
    },
    run: (cache) => checkOut(cache, 'touch ../the-task &&'),
    judge(cache, done) {
      const begun = done.some(({ kind, path }) => kind === 'open' && path.endsWith('/FETCH_HEAD'));
      const over = done.some(
        ({ kind, path }) =>
          path.endsWith('/the-task') || (kind === 'remove' && path.endsWith('/run-task-changing')),
      );
      const { output, ...outcome } = judgeRun(update.run(cache), true);
      if (begun && !over && !output.includes('a run was killed'))
        return wrong(`the kill was not seen: ${output.slice(-600)}`);
      return outcome;
    },
    powerLoss: 'none',
  };
  return { setUp, takeOver, clone, update, writing: writingAnew(trial) };
}

/** What settings of a checkout are written with. */
function writingAnew(trial: CheckoutTrial): Scenario {
  const program = join(trial.box.path, 'write-anew.mjs');
  const [former, latter] = ['former\n'.repeat(300), 'latter\n'.repeat(500)];
  buildSync({
    stdin: {
      contents: `
        import { mkdirSync } from 'node:fs';
        import { writeFileAtomic } from './src/base/files.ts';
        writeFileAtomic(process.argv[2], ${JSON.stringify(latter)});
        mkdirSync(process.argv[2] + '-is-written');`,
      resolveDir: join(trial.box.path, 'build'),
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: program,
  });
  return {
    name: 'writing a file anew',
    prepare: (cache) => writeFileSync(join(cache, 'file'), former),
    run: (cache) => ({ command: [process.execPath, program, join(cache, 'file')], env: {} }),
    judge(cache) {
      const file = join(cache, 'file');
      const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
      const isOver = existsSync(join(cache, 'file-is-written'));
      if (text === latter || (text === former && !isOver)) return { verdict: 'complete', why: '' };
      return { verdict: 'wrong', why: `${isOver ? 'over, and ' : ''}the file holds ${text.length} bytes` };
    },
    powerLoss: 'any order',
  };
}
