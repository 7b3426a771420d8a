import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CheckoutTrial } from '../hostile/repository.ts';
import type { Change } from '../../support/crash/disk.ts';
import type { Outcome } from '../../support/crash/every-cut.ts';
import type { Scenario } from './scenario.ts';
import { Tasks } from './tasks.ts';

const wrong = (why: string): Outcome => ({ verdict: 'wrong', why });
const local = {
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'protocol.file.allow',
  GIT_CONFIG_VALUE_0: 'always',
};

/** A repository that checkouts come from. */
class Source {
  readonly path: string;

  constructor(trial: CheckoutTrial, name: string) {
    this.path = trial.box.folder(`sources/${name}`);
    this.git('init', '-q', '-b', 'main');
    this.commit({ README: 'one\n', 'lib/code.sh': 'echo one\n', '.gitignore': '*.o\n' });
  }

  get url(): string {
    return `file://${this.path}`;
  }

  get head(): string {
    return this.git('rev-parse', 'HEAD');
  }

  git(...args: string[]): string {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.test'];
    const env = { ...process.env, ...local };
    const done = spawnSync('git', [...identity, ...args], { cwd: this.path, encoding: 'utf8', env });
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stdout.trim();
  }

  commit(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.path, name)), { recursive: true });
      writeFileSync(join(this.path, name), text);
    }
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', 'change');
  }

  addSubmodule(name: string, path: string, { url }: Source): void {
    this.git('submodule', '--quiet', 'add', '--name', name, url, path);
    this.commit({});
  }
}

/** Checkouts at `src` in a cache, and how a task looks at them. */
interface Checkouts {
  readonly name: string;
  readonly env: Record<string, string>;
  readonly args?: (cache: string) => string[];
  /** paths of checkouts below `src` */
  readonly nested?: readonly string[];
  /** what else the task asks, in `src` */
  readonly more?: () => string;
  /** the path below `src` of a cache that is mounted there */
  readonly inner?: string;
  /** the checkouts before the run that is cut off; absent: none */
  readonly before?: (cache: string, fill: (more?: { args?: string[] }) => void) => void;
}

function scenarioOf(trial: CheckoutTrial, source: Source, checkouts: Checkouts): Scenario {
  const { name, env, args = () => [], nested = [], more = () => 'true', inner, before } = checkouts;
  const tasks = new Tasks(trial);
  const caches = (cache: string) => (inner === undefined ? cache : `${cache};${cache}/src/${inner}`);
  const run = (cache: string, extra: readonly string[] = [], look = more()) => {
    const others = inner === undefined ? nested : [...nested, inner];
    const untracked = others.map((path) => `?? ${path}/`).join('\n');
    const script = [
      `cd ${cache}/src`,
      'touch ../the-task',
      `test "$(git status --porcelain)" = "${untracked}"`,
      `test "$(git rev-parse HEAD)" = ${source.head}`,
      'git fsck --strict',
      ...['.', ...nested].map((path) => `test ! -e ${path}/.git/run-task-changing`),
      look,
    ];
    const variables = {
      TASKCLUSTER_CACHES: caches(cache),
      VCS_REPOSITORY_TYPE: 'git',
      VCS_HEAD_REPOSITORY: source.url,
      VCS_HEAD_REF: 'main',
      ...local,
      ...env,
    };
    return tasks.run(cache, script.join(' && '), variables, [
      `--vcs-checkout=${cache}/src`,
      ...args(cache),
      ...extra,
    ]);
  };
  const isBegun = (done: readonly Change[]) =>
    done.some(({ kind, path }) => kind === 'open' && path.endsWith('/src/.git/FETCH_HEAD'));
  const isOver = (done: readonly Change[]) =>
    done.some(
      ({ kind, path }) =>
        path.endsWith('/the-task') || (kind === 'remove' && path.endsWith('/src/.git/run-task-changing')),
    );
  const mustBeSeen = (done: readonly Change[]) => isBegun(done) && !isOver(done);
  return {
    name,
    prepare(cache) {
      if (inner !== undefined) mkdirSync(join(cache, 'src', inner), { recursive: true });
      const script = inner === undefined ? 'true' : `echo before > ${cache}/src/${inner}/made`;
      tasks.fill(cache, tasks.run(cache, script, { TASKCLUSTER_CACHES: caches(cache) }));
      before?.(cache, ({ args: extra = [] } = {}) => tasks.fill(cache, run(cache, extra, 'true')));
    },
    run: (cache) => run(cache),
    promised: (done) => String(mustBeSeen(done)),
    judge(cache, done) {
      for (const path of ['', ...nested]) {
        const place = join(cache, 'src', path);
        // What is at the place of a checkout has a revision, at any time.
        const isMade = path === '' && inner === undefined ? place : join(place, '.git');
        if (!existsSync(isMade)) continue;
        const asked = spawnSync('git', ['-c', 'safe.directory=*', 'rev-parse', '--verify', 'HEAD^{commit}'], {
          cwd: place,
          env: { ...process.env, GIT_CEILING_DIRECTORIES: dirname(place) },
        });
        if (asked.status !== 0) return wrong(`half a checkout at its place: ${String(asked.stderr)}`);
      }
      const { output, ...outcome } = tasks.judge(run(cache));
      if (mustBeSeen(done) && !output.includes('a run was killed'))
        return wrong(`the kill was not seen: ${output.slice(-600)}`);
      return outcome;
    },
    powerLoss: 'none',
  };
}

export function clone(trial: CheckoutTrial): Scenario {
  return scenarioOf(trial, new Source(trial, 'cloned'), { name: 'cloning', env: {} });
}

/** A cache is mounted below the place of the checkout. */
export function cloneAround(trial: CheckoutTrial): Scenario {
  return scenarioOf(trial, new Source(trial, 'around'), {
    name: 'cloning around a cache',
    env: {},
    inner: 'objects',
    more: () => 'test "$(cat objects/made)" = before',
  });
}

export function update(trial: CheckoutTrial): Scenario {
  const source = new Source(trial, 'updated');
  return scenarioOf(trial, source, {
    name: 'updating a checkout',
    env: {},
    before(_, fill) {
      fill();
      source.commit({ README: 'two\n', 'new/file': 'new\n' });
    },
  });
}

/** Every submodule is at its revision, and whole. */
const submodulesAre =
  (...paths: string[]) =>
  () =>
    [
      `test "$(git submodule status | cut -c1 | tr -d '\\n')" = "${' '.repeat(paths.length)}"`,
      ...paths.map(
        (path) => `test -z "$(git -C ${path} status --porcelain)" && git -C ${path} fsck --strict`,
      ),
    ].join(' && ');

export function cloneWithSubmodules(trial: CheckoutTrial): Scenario {
  const source = new Source(trial, 'with-submodule');
  source.addSubmodule('the/lib', 'third/lib', new Source(trial, 'library'));
  return scenarioOf(trial, source, {
    name: 'cloning with a submodule',
    env: {},
    more: submodulesAre('third/lib'),
  });
}

export function updateWithSubmodules(trial: CheckoutTrial): Scenario {
  const source = new Source(trial, 'with-submodules');
  const library = new Source(trial, 'moving-library');
  source.addSubmodule('the/lib', 'third/lib', library);
  return scenarioOf(trial, source, {
    name: 'updating a submodule, and adding another',
    env: {},
    more: submodulesAre('third/lib', 'third/more'),
    before(_, fill) {
      fill();
      library.commit({ README: 'two\n', 'new/file': 'new\n' });
      source.git('-C', 'third/lib', 'pull', '-q');
      source.addSubmodule('more', 'third/more', new Source(trial, 'another-library'));
    },
  });
}

function nestedIn(inner: Source): Pick<Checkouts, 'env' | 'args' | 'nested' | 'more'> {
  return {
    env: {
      REPOSITORIES: '{"vcs": "Outer", "in": "Inner"}',
      IN_REPOSITORY_TYPE: 'git',
      IN_HEAD_REPOSITORY: inner.url,
      IN_HEAD_REF: 'main',
    },
    args: (cache) => [`--in-checkout=${cache}/src/inner`],
    nested: ['inner'],
    more: () =>
      `cd inner && test -z "$(git status --porcelain)" && git fsck --strict && test "$(git rev-parse HEAD)" = ${inner.head}`,
  };
}

export function cloneNested(trial: CheckoutTrial): Scenario {
  const inner = new Source(trial, 'inner');
  const name = 'cloning one into another';
  return scenarioOf(trial, new Source(trial, 'outer'), { name, ...nestedIn(inner) });
}

export function updateNested(trial: CheckoutTrial): Scenario {
  const outer = new Source(trial, 'updated-outer');
  const inner = new Source(trial, 'updated-inner');
  return scenarioOf(trial, outer, {
    name: 'updating one in another',
    ...nestedIn(inner),
    before(_, fill) {
      fill();
      for (const source of [outer, inner]) source.commit({ README: 'two\n', 'new/file': 'new\n' });
    },
  });
}

/** A checkout without history gets it. */
export function deepen(trial: CheckoutTrial): Scenario {
  const source = new Source(trial, 'deep');
  source.git('tag', 'first');
  source.git('branch', 'other');
  for (const text of ['two\n', 'three\n']) source.commit({ README: text });
  return scenarioOf(trial, source, {
    name: 'a shallow checkout gets its history',
    env: {},
    more: () =>
      'test "$(git rev-list --count HEAD)" = 4 && test ! -e .git/shallow && git cat-file -e first && git cat-file -e origin/other',
    before(_, fill) {
      fill({ args: ['--vcs-shallow-clone'] });
      source.commit({ README: 'four\n' });
    },
  });
}
