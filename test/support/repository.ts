import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A git repository in a temporary folder, with a home for Caisson beside it. */
export class TestRepository implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'caisson-e2e-'));
  readonly top = join(this.folder, 'repository');
  readonly home = join(this.folder, 'home');

  constructor(files: Readonly<Record<string, string>>, copyFrom?: string) {
    mkdirSync(this.top);
    if (copyFrom !== undefined) cpSync(copyFrom, this.top, { recursive: true });
    this.write(files);
    this.git('init', '--quiet', '--initial-branch', 'main');
    this.git('add', '--all');
    this.git('commit', '--quiet', '-m', 'first');
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.top, path)), { recursive: true });
      writeFileSync(join(this.top, path), text);
    }
  }

  git(...args: readonly string[]): string {
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@localhost'];
    return execFileSync('git', [...identity, ...args], { cwd: this.top, encoding: 'utf8' }).trim();
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const configYml = `trust-domain: test
task-priority: low
workers:
  aliases:
    linux: {provisioner: local, implementation: docker-worker, os: linux, worker-type: linux}
taskgraph:
  repositories:
    test: {name: test}
`;

/** A kind of run-task tasks with the given commands; each has a cache named \`shared\` at /builds/worker/shared. */
export function kindYml(commands: Readonly<Record<string, string>>, worker = ''): string {
  const tasks = Object.entries(commands).map(
    ([name, command]) => `  ${name}:
    description: ${name}
    run: {command: ${JSON.stringify(command)}}
`,
  );
  return `loader: taskgraph.loader.transform:loader
transforms: [taskgraph.transforms.run, taskgraph.transforms.task]
task-defaults:
  worker-type: linux
  worker:
    docker-image: debian:12
    max-run-time: 60
    caches: [{type: persistent, name: shared, mount-point: /builds/worker/shared}]
${worker}
  run: {using: run-task, checkout: false, use-caches: false}
tasks:
${tasks.join('')}`;
}
