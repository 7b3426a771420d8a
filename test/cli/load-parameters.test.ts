import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadParameters } from '../../src/cli/load-parameters.ts';
import { configYml, failureText, runGit, workTree } from '../graph/core/work-tree.ts';

const taskId = 'fN1SbArXTPSVFNUvaOlinQ';

interface CannedAnswer {
  readonly status?: number;
  readonly type?: string;
  readonly location?: string;
  readonly body?: string;
}

/** A deployment that answers so, and 404 to all else; what it is asked is kept. */
async function deployment(
  answers: Readonly<Record<string, CannedAnswer>>,
): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    const answer: CannedAnswer = answers[request.url!] ?? { status: 404, body: '{}' };
    const { status = 200, type = 'application/json', location, body = '' } = answer;
    const headers = { ...(type === '' ? {} : { 'content-type': type }), ...(location ? { location } : {}) };
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.stubEnv('TASKCLUSTER_PROXY_URL', '');
  vi.stubEnv('TASKCLUSTER_ROOT_URL', url);
  return { url, asked };
}

function repository(): { top: string; root: string } {
  const top = workTree({ 'taskcluster/config.yml': configYml });
  runGit(['init', '-q', '-b', 'trunk'], top);
  return { top, root: 'taskcluster' };
}

afterEach(() => void vi.unstubAllEnvs());

describe('parameters', () => {
  const artifact = `/api/queue/v1/task/${taskId}/artifacts/public%2Fparameters.yml`;
  const stored = {
    [artifact]: { status: 303, location: '/storage' },
    '/storage': { type: 'text/plain', body: 'project: "fetched"\nhead_rev: "5555"\n' },
  };

  it('of a decision task are its artifact, filled up from the repository', async () => {
    const { asked } = await deployment(stored);
    const found = await loadParameters(repository(), `task-id=${taskId}`, { level: '2' });
    expect(found).toMatchObject({ project: 'fetched', head_rev: '5555', level: '2', head_ref: 'trunk' });
    expect(asked).toEqual([artifact, '/storage']);
  });

  it('of a project are those of the decision task that its route names', async () => {
    const route = '/api/index/v1/task/acme.v2.app.latest.taskgraph.decision';
    const { asked } = await deployment({ [route]: { body: JSON.stringify({ taskId }) }, ...stored });
    expect(await loadParameters(repository(), 'project=app')).toMatchObject({ project: 'fetched' });
    expect(asked).toEqual([route, artifact, '/storage']);
  });

  it('of an index namespace are those of the task there', async () => {
    const route = '/api/index/v1/task/a.b.c';
    await deployment({ [route]: { body: JSON.stringify({ taskId }) }, ...stored });
    expect(await loadParameters(repository(), 'index=a.b.c')).toMatchObject({ project: 'fetched' });
  });

  it('at an address are read as what its name, else its type says', async () => {
    const json = '{"project": "fetched"}';
    const { url } = await deployment({
      '/p.json?x=1': { type: '', body: json },
      '/typed': { type: 'application/json; charset=utf-8', body: json },
      '/p.yml': { type: 'application/octet-stream', body: 'project: fetched' },
      '/page': { type: 'text/html', body: json },
    });
    for (const path of ['p.json?x=1', 'typed', 'p.yml'])
      expect(await loadParameters(repository(), `${url}/${path}`)).toMatchObject({ project: 'fetched' });
    expect(await failureText(() => loadParameters(repository(), `${url}/page`))).toContain(
      'usage: the parameters at',
    );
  });

  it('that are wrong have a place wherever they come from', async () => {
    const { url } = await deployment({
      '/p.json': { body: '{\n "level": 3\n}' },
      '/torn.json': { body: '{\n "level": \n}' },
      [artifact]: { body: 'level: 3' },
    });
    const text = async (spec: string) =>
      (await failureText(() => loadParameters(repository(), spec))).replaceAll(url, 'URL');
    expect(await text(`${url}/p.json`)).toContain('URL/p.json:2:2: error: "level" must be a text');
    expect(await text(`${url}/torn.json`)).toContain('URL/torn.json:3:1: error: the JSON is not well formed');
    expect(await text(`task-id=${taskId}`)).toContain(`task-id=${taskId}/parameters.yml:1:1: error: "level"`);
  });

  it('that cannot be had fail with "unavailable"', async () => {
    const { url } = await deployment({ '/secret.yml': { status: 403, body: 'no' } });
    const text = (spec: string) => failureText(() => loadParameters(repository(), spec));
    expect(await text(`task-id=${taskId}`)).toMatch(
      /unavailable: the parameters of task-id=.*404[^]*artifacts expire/,
    );
    expect(await text('project=app')).toContain(
      'unavailable: project=app: the index has no task at acme.v2.app.',
    );
    expect(await text(`${url}/secret.yml`)).toContain('secret.yml: 403 no');
    expect(await text(`${url}/missing.yml`)).toContain('missing.yml: 404');
    vi.stubEnv('TASKCLUSTER_ROOT_URL', '');
    expect(await text(`task-id=${taskId}`)).toContain('unavailable: task-id=');
  });

  it('that are named wrongly are a mistake of the user', async () => {
    await deployment({});
    expect(await failureText(() => loadParameters(repository(), 'task-id=x'))).toContain('usage: task-id=x');
    expect(await failureText(() => loadParameters(repository(), 'project='))).toContain('usage: project=');
    expect(await failureText(() => loadParameters(repository(), 'nowhere.yml'))).toContain(
      'nowhere.yml: ENOENT',
    );
  });
});
