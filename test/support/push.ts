import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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

  /** Ends the decision task, with what lies in `artifacts/` as its artifacts. */
  async publish(): Promise<void> {
    const request = { workerGroup: 'test', workerId: 'test', tasks: 1, waitMs: 0 };
    const [claim] = await this.queue.claimWork('test/worker', request);
    const folder = join(this.repository.top, 'artifacts');
    const expires = new Date(Date.now() + 3600 * 1000).toISOString();
    for (const name of readdirSync(folder)) {
      const { putUrl } = await this.queue.createArtifact(
        this.decisionTaskId,
        claim!.runId,
        `public/${name}`,
        {
          storageType: 's3',
          contentType: 'text/plain',
          expires,
        },
      );
      copyFileSync(join(folder, name), fileURLToPath(putUrl!));
    }
    await this.queue.reportCompleted(this.decisionTaskId, claim!.runId);
  }

  /** Runs an action's callback in a task of its own, which has the scope for it. */
  async act(
    callback: string,
    { taskId = null, input = null }: { taskId?: string | null; input?: unknown } = {},
  ): Promise<Finished & { readonly ownTaskId: string }> {
    const ownTaskId = slugid();
    await this.createTask(ownTaskId, {});
    const finished = await this.caisson(['action-callback'], {
      TASK_ID: ownTaskId,
      ACTION_TASK_GROUP_ID: this.decisionTaskId,
      ACTION_TASK_ID: JSON.stringify(taskId),
      ACTION_INPUT: JSON.stringify(input),
      ACTION_CALLBACK: callback,
    });
    return { ...finished, ownTaskId };
  }

  /** What lies in `artifacts/`. */
  artifact(name: string): unknown {
    const text = readFileSync(join(this.repository.top, 'artifacts', name), 'utf8');
    return name.endsWith('.json') ? JSON.parse(text) : text;
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
