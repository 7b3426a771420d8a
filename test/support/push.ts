import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { slugid } from '../../src/base/slugid.ts';
import { type EmbeddedQueue, openEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import type { TaskDefinition } from '../../src/task/definition.ts';
import { task } from '../contract/queue-task.ts';
import { caissonBeside, type Finished } from './caisson.ts';
import { type LoopbackDeployment, startDeployment } from './deployment.ts';
import { configYml, kindYml, TestRepository } from './repository.ts';

/** A push to a repository with a docker image, a build and a test of it, and a deployment that runs its tasks. */
export class Push implements AsyncDisposable {
  readonly repository: TestRepository;
  readonly queue: EmbeddedQueue;
  readonly deployment: LoopbackDeployment;
  /** of the decision task, and so of its task group */
  readonly decisionTaskId = slugid();
  readonly #home: string;

  static async open(files: Readonly<Record<string, string>> = {}): Promise<Push> {
    const home = mkdtempSync(join(tmpdir(), 'caisson-push-'));
    const queue = await openEmbeddedQueue({ home });
    const push = new Push(home, queue, await startDeployment(queue), files);
    await push.createTask(push.decisionTaskId, {});
    return push;
  }

  private constructor(
    home: string,
    queue: EmbeddedQueue,
    deployment: LoopbackDeployment,
    files: Readonly<Record<string, string>>,
  ) {
    this.#home = home;
    this.queue = queue;
    this.deployment = deployment;
    this.repository = new TestRepository({ ...repositoryFiles, ...files });
  }

  /** A task of this group that the test itself runs. */
  async createTask(taskId: string, changes: Partial<TaskDefinition>): Promise<void> {
    const expires = new Date(Date.now() + 400 * 24 * 3600 * 1000).toISOString();
    await this.queue.createTask(
      taskId,
      task(Date.now(), {
        taskGroupId: this.decisionTaskId,
        schedulerId: 'test-level-1',
        expires,
        ...changes,
      }),
    );
  }

  /** Runs the built program in the checkout, as a task of this deployment. */
  async caisson(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
    return caissonBeside(this.repository, args, {
      TASK_ID: this.decisionTaskId,
      TASKCLUSTER_PROXY_URL: this.deployment.url,
      TASKCLUSTER_ROOT_URL: 'https://tc.example.com',
      ...env,
    });
  }

  async decide(...flags: readonly string[]): Promise<Finished> {
    const head = this.repository.git('rev-parse', 'HEAD');
    const described = '--project=project --pushlog-id=0 --pushdate=0 --owner=me@example.com --level=1';
    const changed = '--repository-type=git --tasks-for=github-push --head-ref=main';
    const url = 'https://github.com/org/repo';
    return this.caisson([
      'decision',
      ...described.split(' '),
      ...changed.split(' '),
      `--base-repository=${url}`,
      `--head-repository=${url}`,
      `--head-rev=${head}`,
      ...flags,
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.deployment.close();
    await this.queue.close();
    this.repository[Symbol.dispose]();
    rmSync(this.#home, { recursive: true, force: true });
  }
}

const repositoryFiles = {
  '.taskcluster.yml': 'version: 1\n',
  'taskcluster/config.yml': `treeherder: {group-names: {I: Images}}\n${configYml.replace(
    '    linux:',
    '    images: {provisioner: local, implementation: docker-worker, os: linux, worker-type: images}\n    linux:',
  )}`,
  'taskcluster/docker/box/Dockerfile': 'FROM debian\n',
  'taskcluster/kinds/docker-image/kind.yml': `loader: taskgraph.loader.transform:loader
transforms: [taskgraph.transforms.docker_image, taskgraph.transforms.cached_tasks, taskgraph.transforms.task]
tasks: {box: {symbol: I(box)}}
`,
  'taskcluster/kinds/build/kind.yml': kindYml({ one: 'true' }).replace(
    '    description: one\n',
    '    description: one\n    attributes: {retrigger: true}\n',
  ),
  'taskcluster/kinds/test/kind.yml': `kind-dependencies: [build]\n${kindYml({ one: 'true' }).replace(
    '    description: one\n',
    '    description: one\n    dependencies: {build: build-one}\n',
  )}`,
};
