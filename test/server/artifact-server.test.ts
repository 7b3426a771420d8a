import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slugid } from '../../src/base/slugid.ts';
import { type EmbeddedQueue, openEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import { type Server, startServer } from '../../src/server/artifact-server.ts';
import { hours, task, worker } from '../contract/queue-task.ts';

let home: string;
let queue: EmbeddedQueue;
let server: Server;
let taskId: string;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'caisson-server-'));
  queue = await openEmbeddedQueue({ home });
  server = await startServer(queue, { bind: '127.0.0.1', port: 0 });
  taskId = slugid();
  const extra = { index: { rank: 3 } };
  await queue.createTask(taskId, task(Date.now(), { routes: ['index.a.b.latest'], extra }));
  await queue.claimWork('test/worker', worker);
});
afterEach(async () => {
  await server.close();
  await queue.close();
  rmSync(home, { recursive: true, force: true });
});

async function store(name: string, content: string | Buffer, encoding: 'identity' | 'gzip' = 'identity') {
  const { putUrl } = await queue.createArtifact(taskId, 0, name, {
    storageType: 's3',
    contentType: 'text/plain; charset=utf-8',
    contentEncoding: encoding,
    expires: new Date(Date.now() + hours / 2).toISOString(),
  });
  writeFileSync(fileURLToPath(putUrl!), content);
}

const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${server.url}${path}`, init);

describe('artifacts', () => {
  it('are found however a client writes the name', async () => {
    const name = 'public/build/ü & b?.txt';
    await store(name, 'hello');
    const whole = encodeURIComponent(name);
    const segments = name.split('/').map(encodeURIComponent).join('/');
    for (const path of [
      whole,
      segments,
      whole.replaceAll('%2F', '%2f'),
      'public%2Fbuild/%C3%BC%20&%20b%3F.txt',
    ]) {
      for (const where of [`${taskId}/artifacts`, `${taskId}/runs/0/artifacts`]) {
        const response = await get(`/api/queue/v1/task/${where}/${path}?bewit=x`);
        expect(response.status).toBe(200);
        expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
        expect(response.headers.get('content-length')).toBe('5');
        expect(await response.text()).toBe('hello');
      }
    }
  });

  it('keep their bytes, and their encoding', async () => {
    const big = randomBytes(3_000_000);
    await store('public/big', big);
    await store('public/log', gzipSync('a line\n'), 'gzip');
    const response = await get(`/api/queue/v1/task/${taskId}/artifacts/public/big`);
    expect(Buffer.from(await response.arrayBuffer()).equals(big)).toBe(true);
    const log = await get(`/api/queue/v1/task/${taskId}/artifacts/public/log`);
    expect(log.headers.get('content-encoding')).toBe('gzip');
    expect(await log.text()).toBe('a line\n');
  });

  it('are found through the index', async () => {
    await store('public/a.txt', 'indexed');
    expect((await get('/api/index/v1/task/a.b.latest')).status).toBe(404);
    await queue.reportCompleted(taskId, 0);
    const response = await get('/api/index/v1/task/a.b.latest');
    expect(await response.json()).toEqual({ namespace: 'a.b.latest', taskId, rank: 3 });
    expect(await (await get('/api/index/v1/task/a.b.latest/artifacts/public%2Fa.txt')).text()).toBe(
      'indexed',
    );
    expect((await get('/api/index/v1/task/a.b.other/artifacts/public/a.txt')).status).toBe(404);
  });

  it('are listed', async () => {
    await store('public/a.txt', 'a');
    for (const path of ['artifacts', 'artifacts/', 'runs/0/artifacts']) {
      const response = await get(`/api/queue/v1/task/${taskId}/${path}`);
      expect(await response.json()).toEqual({ artifacts: [...(await queue.listArtifacts(taskId))] });
    }
  });

  it('answer HEAD without a body', async () => {
    await store('public/a.txt', 'hello');
    const response = await get(`/api/queue/v1/task/${taskId}/artifacts/public/a.txt`, { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe('5');
    expect(await response.text()).toBe('');
  });

  it('are no way into the file system', async () => {
    for (const name of [
      '../../../queue/queue.db',
      '../../queue/queue.db',
      '/etc/passwd',
      '..%2f..%2fqueue.db',
    ]) {
      for (const path of [name, encodeURIComponent(name), name.replaceAll('.', '%2e')]) {
        const response = await raw('GET', `/api/queue/v1/task/${taskId}/artifacts/${path}`);
        expect(response.status).toBe(404);
        expect(response.body).toContain('ResourceNotFound');
      }
    }
    expect((await raw('GET', `/api/queue/v1/task/..%2f..%2fqueue/artifacts/queue.db`)).status).toBe(400);
  });

  it('do not stop the server when a client goes away', async () => {
    await store('public/big', randomBytes(20_000_000));
    const path = `/api/queue/v1/task/${taskId}/artifacts/public/big`;
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    expect((await get(path, { method: 'HEAD' })).status).toBe(200);
  });
});

describe('the rest', () => {
  it('tells tasks and their status', async () => {
    expect(await (await get(`/api/queue/v1/task/${taskId}`)).json()).toEqual(await queue.task(taskId));
    const status = await (await get(`/api/queue/v1/task/${taskId}/status`)).json();
    expect(status).toEqual({ status: await queue.status(taskId) });
  });

  it.each([
    [`/api/queue/v1/task/${slugid()}`, 404, 'ResourceNotFound'],
    ['/api/queue/v1/task/nonsense/status', 400, 'InputError'],
    ['/api/queue/v1/task/TASK/runs/x/artifacts', 400, 'InputError'],
    ['/api/queue/v1/task/TASK/runs/7/artifacts', 404, 'ResourceNotFound'],
    ['/api/queue/v1/task/TASK/artifacts/%E0%A4%A', 400, 'InputError'],
    ['/api/queue/v1/task/TASK/artifacts/public/none', 404, 'ResourceNotFound'],
    ['/api/queue/v1/task/TASK/other', 404, 'ResourceNotFound'],
    ['/api/auth/v1/task/TASK', 404, 'ResourceNotFound'],
    ['/', 404, 'ResourceNotFound'],
    ['*', 404, 'ResourceNotFound'],
  ])('answers %s with %i', async (path, status, code) => {
    const response = await raw('GET', path.replace('TASK', taskId));
    expect(response.status).toBe(status);
    expect(JSON.parse(response.body)).toMatchObject({ code, message: expect.any(String) });
  });

  it('only reads', async () => {
    const response = await get(`/api/queue/v1/task/${taskId}`, { method: 'PUT', body: '{}' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  it('says when the queue is not there', async () => {
    await queue.close();
    expect((await get(`/api/queue/v1/task/${taskId}`)).status).toBe(503);
  });

  it('says when the address is taken', async () => {
    const port = Number(new URL(server.url).port);
    await expect(startServer(queue, { bind: '127.0.0.1', port })).rejects.toMatchObject({
      failure: { kind: 'unavailable', message: expect.stringContaining(String(port)) },
    });
  });
});

/** Sends the path as it is; fetch would tidy it up. */
function raw(method: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ port: new URL(server.url).port, host: '127.0.0.1', method, path, agent: false });
    sent.on('error', reject).on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, body }));
    });
    sent.end();
  });
}
