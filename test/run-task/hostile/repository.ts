import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Finished, Sandbox } from '../wrapper.ts';

/** A source repository, a cache that its checkout lies in, and a folder in which planted code leaves its mark. */
export class CheckoutTrial {
  readonly box: Sandbox;
  readonly source: string;
  readonly canary: string;
  cache = '';
  private count = 0;

  constructor(box = new Sandbox()) {
    this.box = box;
    this.source = box.folder('source');
    this.canary = box.folder('canary');
    chmodSync(this.canary, 0o777);
    this.git('init', '-q', '-b', 'main');
    this.commit({ README: 'one\n', 'lib/code.sh': 'echo one\n', '.gitignore': '*.o\n' });
  }

  get checkout(): string {
    return join(this.cache, 'src');
  }

  git(...args: string[]): string {
    const identity = [
      '-c',
      'user.name=t',
      '-c',
      'user.email=t@example.test',
      '-c',
      'protocol.file.allow=always',
    ];
    const done = spawnSync('git', [...identity, ...args], { cwd: this.source, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stdout.trim();
  }

  commit(files: Readonly<Record<string, string>>): string {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.source, name)), { recursive: true });
      writeFileSync(join(this.source, name), text);
    }
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', 'change');
    return this.git('rev-parse', 'HEAD');
  }

  /** A fresh cache with the checkout in it, as a first task leaves it. */
  start(more: Readonly<Record<string, string>> = {}): Finished {
    this.cache = this.box.folder(`cache-${this.count++}`);
    return this.task('true', more);
  }

  /** A task that runs a script in the checkout; `$CANARY` names the folder that no later task's set-up may write to. */
  task(script: string, more: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Finished {
    return this.box.run(
      [`--vcs-checkout=${this.checkout}`, ...args, '--', 'sh', '-c', `cd ${this.checkout} && ${script}`],
      {
        TASKCLUSTER_CACHES: this.cache,
        VCS_REPOSITORY_TYPE: 'git',
        VCS_HEAD_REPOSITORY: `file://${this.source}`,
        VCS_HEAD_REF: 'main',
        CANARY: this.canary,
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'protocol.file.allow',
        GIT_CONFIG_VALUE_0: 'always',
        ...more,
      },
    );
  }

  /** Marks that planted code has left, and forgets them. */
  takeMarks(): string[] {
    const marks = readdirSync(this.canary);
    for (const mark of marks) rmSync(join(this.canary, mark), { recursive: true });
    return marks;
  }

  has(name: string): boolean {
    return existsSync(join(this.checkout, name));
  }

  remove(): void {
    this.box.remove();
  }
}
