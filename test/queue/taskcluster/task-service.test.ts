import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
// @ts-expect-error it has no types of its own
import hawk from 'hawk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { slugid } from '../../../src/base/slugid.ts';
import { type EmbeddedQueue, openEmbeddedQueue } from '../../../src/queue/embedded/embedded-queue.ts';
import { type Credentials, environmentDeployment } from '../../../src/queue/taskcluster/deployment.ts';
import { type DeploymentService, taskService } from '../../../src/queue/taskcluster/task-service.ts';
import { task, worker } from '../../contract/queue-task.ts';
import { type LoopbackDeployment, startDeployment } from '../../support/deployment.ts';

interface Rig {
  readonly queue: EmbeddedQueue;
  readonly deployment: LoopbackDeployment;
  readonly service: DeploymentService;
}

async function open(credentials: Credentials | null = null): Promise<Rig> {
  const home = mkdtempSync(join(tmpdir(), 'caisson-deployment-'));
  const queue = await openEmbeddedQueue({ home });
  const deployment = await startDeployment(queue);
  onTestFinished(async () => {
    await deployment.close();
    await queue.close();
    rmSync(home, { recursive: true, force: true });
  });
  return { queue, deployment, service: taskService({ url: deployment.url, credentials, pause: 1 }) };
}

describe('the services of a deployment', () => {
  it('list a task group page after page', async () => {
    const { service, deployment } = await open();
    const taskGroupId = slugid();
    for (let i = 0; i < 5; i++) await service.createTask(slugid(), task(Date.now(), { taskGroupId }));
    expect(await service.listTaskGroup(taskGroupId)).toHaveLength(5);
    expect(deployment.asked.filter((line) => line.includes('/list'))).toHaveLength(3);
  });

  it('say where the bytes of an artifact are', async () => {
    const { service, queue } = await open();
    const taskId = slugid();
    await service.createTask(taskId, task(Date.now()));
    const [claim] = await queue.claimWork('test/worker', worker);
    const expires = new Date(Date.now() + 60_000).toISOString();
    const artifact = { storageType: 's3', contentType: 'text/plain', expires } as const;
    const { putUrl } = await queue.createArtifact(taskId, claim!.runId, 'public/a b.txt', artifact);
    writeFileSync(fileURLToPath(putUrl!), 'bytes');
    await queue.reportCompleted(taskId, claim!.runId);
    const response = await fetch(await service.artifactUrl(taskId, 'public/a b.txt'));
    expect(await response.text()).toBe('bytes');
    await expect(service.artifactUrl(taskId, 'public/none')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('are asked to purge a cache by the names of provisioner and worker type', async () => {
    const { service, queue, deployment } = await open();
    await service.purgeCache('test/worker', 'level-1-x');
    expect(deployment.asked).toEqual(['POST /api/purge-cache/v1/purge-cache/test%2Fworker']);
    expect((await queue.purgeRequests('test/worker', 0)).requests).toMatchObject([
      { cacheName: 'level-1-x' },
    ]);
  });

  it('tell the scopes of who asks', async () => {
    const { service, deployment } = await open();
    deployment.scopes = ['assume:x'];
    expect(await service.currentScopes()).toEqual(['assume:x']);
  });

  it('pass their own words on when they refuse, without the request', async () => {
    const { service } = await open();
    const error: unknown = await service.status(slugid()).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/404 no task [^\n]*$/);
  });

  it('get requests that are signed, with a certificate when the credentials are temporary', async () => {
    const certificate = { version: 1, scopes: ['queue:*'] };
    const { service, deployment } = await open({ clientId: 'me', accessToken: 'secret', certificate });
    await service.findTask('a.b');
    const [authorization] = deployment.authorizations;
    const attributes = (hawk as { utils: { parseAuthorizationHeader(text: string): { ext: string } } }).utils //
      .parseAuthorizationHeader(authorization!);
    expect(JSON.parse(Buffer.from(attributes.ext, 'base64').toString())).toEqual({ certificate });
    const url = new URL(deployment.url);
    const request = {
      method: 'GET',
      url: '/api/index/v1/task/a.b',
      host: url.hostname,
      port: Number(url.port),
      authorization,
    };
    const find = (id: string): object => ({ id, key: 'secret', algorithm: 'sha256' });
    const server = (hawk as { server: { authenticate(request: object, find: unknown): Promise<object> } })
      .server;
    await expect(server.authenticate(request, find)).resolves.toMatchObject({ credentials: { id: 'me' } });
  });
});

describe('the deployment that the environment names', () => {
  it("is the task's proxy before anything else, which needs no credentials", () => {
    const root = {
      TASKCLUSTER_ROOT_URL: 'https://tc.example.com/',
      TASKCLUSTER_CLIENT_ID: 'me',
      TASKCLUSTER_ACCESS_TOKEN: 'secret',
    };
    expect(environmentDeployment({})).toBeNull();
    expect(environmentDeployment({ ...root, TASKCLUSTER_PROXY_URL: 'http://taskcluster' })).toEqual({
      url: 'http://taskcluster',
      credentials: null,
    });
    expect(environmentDeployment(root)).toEqual({
      url: 'https://tc.example.com',
      credentials: { clientId: 'me', accessToken: 'secret' },
    });
    expect(environmentDeployment({ ...root, TASKCLUSTER_CERTIFICATE: '{"version":1}' })).toMatchObject({
      credentials: { certificate: { version: 1 } },
    });
    expect(() => environmentDeployment({ ...root, TASKCLUSTER_CERTIFICATE: '{' })).toThrow(
      'TASKCLUSTER_CERTIFICATE',
    );
  });
});
