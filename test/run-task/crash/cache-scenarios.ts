import { chownSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { CheckoutTrial } from '../hostile/repository.ts';
import { another, someone } from '../wrapper.ts';
import { Disk } from '../../support/crash/disk.ts';
import type { Outcome } from '../../support/crash/every-cut.ts';
import type { Scenario } from './scenario.ts';
import { Tasks } from './tasks.ts';

const wrong = (why: string): Outcome => ({ verdict: 'wrong', why });

export function setUp(trial: CheckoutTrial): Scenario {
  const tasks = new Tasks(trial);
  const run = (cache: string) =>
    tasks.run(
      cache,
      `cd ${cache} && umask && mkdir -p work && echo result > work/file && test "$(cat work/file)" = result`,
    );
  return {
    name: 'setting up a cache',
    prepare: (cache) => chownSync(cache, 0, 0),
    run,
    judge(cache) {
      const outcome = tasks.judge(run(cache));
      if (outcome.verdict === 'wrong') return outcome;
      const file = join(cache, '.cacherequires');
      const requirements = existsSync(file) ? readFileSync(file, 'utf8') : 'no requirements';
      return requirements === `gid=${someone.gid}\nuid=${someone.uid}\nversion=1\n`
        ? outcome
        : wrong(requirements);
    },
    powerLoss: 'any order',
  };
}

export function takeOver(trial: CheckoutTrial): Scenario {
  const tasks = new Tasks(trial);
  const script = (cache: string) =>
    `cd ${cache} && cat one a/two a/b/three >/dev/null && touch a/b/new && rm a/b/new`;
  const run = (cache: string) => tasks.run(cache, script(cache), { TASKCLUSTER_UNTRUSTED_CACHES: '1' });
  return {
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
    run,
    judge(cache) {
      const copy = `${cache}-copy`;
      Disk.read(cache).write(copy);
      // The former owner: all is still theirs, or they are told to purge.
      const former = tasks.judge(tasks.run(copy, script(copy), {}, [], another));
      rmSync(copy, { recursive: true, force: true });
      if (former.verdict === 'wrong') return wrong(`former owner: ${former.why}`);
      const outcome = tasks.judge(run(cache));
      return outcome.verdict === 'complete' && former.verdict === 'refused'
        ? { verdict: 'mended', why: '' }
        : outcome;
    },
    powerLoss: 'owners in order',
  };
}

/** What settings of a checkout are written with. */
export function writingAnew(trial: CheckoutTrial): Scenario {
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
      return wrong(`${isOver ? 'over, and ' : ''}the file holds ${text.length} bytes`);
    },
    powerLoss: 'any order',
  };
}
