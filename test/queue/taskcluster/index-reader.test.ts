import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FailureError } from '../../../src/base/failure.ts';
import type { Deployment } from '../../../src/queue/taskcluster/deployment.ts';
import { environmentIndex, indexReader } from '../../../src/queue/taskcluster/index-reader.ts';

type Answer = (
  path: string,
  body: { indexes?: string[]; taskIds?: string[] },
  count: number,
) => [number, unknown];

async function serve(answer: Answer): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      asked.push(`${request.method} ${request.url}`);
      const [status, body] = answer(request.url!, JSON.parse(text) as object, asked.length);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const at = (url: string): Deployment => ({ url, credentials: null, pause: 1 });

describe('the index of a deployment', () => {
  it('is asked for page after page', async () => {
    const { url, asked } = await serve((path) =>
      path.includes('Token=1')
        ? [200, { tasks: [{ namespace: 'b', taskId: 'B' }] }]
        : [200, { tasks: [{ namespace: 'a', taskId: 'A' }], continuationToken: '1' }],
    );
    expect(await indexReader(at(url)).findTasks(['a', 'b', 'c'])).toEqual(
      new Map([
        ['a', 'A'],
        ['b', 'B'],
      ]),
    );
    expect(asked).toEqual([
      'POST /api/index/v1/tasks/indexes',
      'POST /api/index/v1/tasks/indexes?continuationToken=1',
    ]);
  });

  it('is asked for many names in several requests, and for none not at all', async () => {
    const { url, asked } = await serve((_, { indexes = [] }) => [
      200,
      { tasks: indexes.map((namespace) => ({ namespace, taskId: namespace })) },
    ]);
    const names = Array.from({ length: 2500 }, (_, i) => `n${i}`);
    expect((await indexReader(at(url)).findTasks(names)).size).toBe(2500);
    expect(asked.length).toBe(3);
    expect((await indexReader(at(url)).findTasks([])).size).toBe(0);
    expect(asked.length).toBe(3);
  });

  it('tells statuses; 404 means that nothing is there', async () => {
    const status = { state: 'completed', expires: '2099-01-01T00:00:00.000Z' };
    const { url } = await serve((path) =>
      path.startsWith('/api/queue/')
        ? [200, { statuses: [{ taskId: 'A', status: { ...status, runs: [] } }] }]
        : [404, {}],
    );
    expect(await indexReader(at(url)).statuses(['A', 'B'])).toEqual(new Map([['A', status]]));
    expect((await indexReader(at(url)).findTasks(['a'])).size).toBe(0);
  });

  it('is asked again when it fails, and given up at last', async () => {
    const { url, asked } = await serve((_, __, count) => (count < 3 ? [503, {}] : [200, { tasks: [] }]));
    expect((await indexReader(at(url)).findTasks(['a'])).size).toBe(0);
    expect(asked.length).toBe(3);
    const refused = await serve(() => [403, { message: 'no scopes' }]);
    await expect(indexReader(at(refused.url)).findTasks(['a'])).rejects.toThrow(/403.*no scopes/);
    expect(refused.asked.length).toBe(1);
    await expect(indexReader({ ...at('http://127.0.0.1:1'), attempts: 2 }).findTasks(['a'])).rejects.toThrow(
      FailureError,
    );
  });

  it('is what the environment names', () => {
    expect(environmentIndex({})).toBe(null);
    expect(environmentIndex({ TASKCLUSTER_ROOT_URL: 'https://tc.example.com' })).not.toBe(null);
  });
});
