import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Mapping } from '../../../src/graph/values/plain.ts';
import { dockerTask, graphConfig, made, mistakesIn, withWorker } from '../task/task-making.ts';

let repository: string;

beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'caisson-image-'));
  addDockerfile('base', [
    'FROM scratch',
    'VOLUME /builds/worker/checkouts /a',
    '  VOLUME /z',
    '# VOLUME /no',
  ]);
});
afterEach(() => rmSync(repository, { recursive: true, force: true }));

function addDockerfile(folder: string, lines: readonly string[]): void {
  mkdirSync(join(repository, 'taskcluster/docker', folder), { recursive: true });
  writeFileSync(join(repository, 'taskcluster/docker', folder, 'Dockerfile'), lines.join('\n'));
}

const onBase = withWorker(dockerTask, { 'docker-image': { 'in-tree': 'base' } });

describe('an image that this repository builds', () => {
  test('is a dependency, and its volumes are told to run-task', () => {
    const { result, payload } = made(withWorker(onBase, { volumes: ['/m'] }), {}, { repository });
    expect(result['dependencies']).toEqual({ 'docker-image': 'docker-image-base' });
    expect(payload['image']).toEqual({
      path: 'public/image.tar.zst',
      taskId: { 'task-reference': '<docker-image>' },
      type: 'task-image',
    });
    expect(payload['env']).toMatchObject({ TASKCLUSTER_VOLUMES: '/a;/builds/worker/checkouts;/m;/z' });
  });

  test('is in the names of caches as a reference to its task, and so not in their records', () => {
    const cached = withWorker(onBase, { caches: [{ name: 'npm', 'mount-point': '/npm' }] });
    const { payload, definition } = made(cached, {}, { repository });
    const cache = payload['cache'] as { 'task-reference': Record<string, string> };
    const [name] = Object.keys(cache['task-reference']);
    expect(name).toMatch(/^domain-level-3-npm-v1-[0-9a-f]{20}-<docker-image>$/);
    expect(definition['scopes']).toEqual([{ 'task-reference': `docker-worker:cache:${name}` }]);
    const { caisson } = definition['extra'] as { caisson: { caches: { 'task-reference': Mapping } } };
    const entry = caisson.caches['task-reference'][name!] as { record: Mapping };
    expect(Object.keys(entry.record)).not.toContain('image');
  });

  test('its task is an input of the chain of trust', () => {
    const { definition } = made(withWorker(onBase, { 'chain-of-trust': true }), {}, { repository });
    expect(definition['extra']).toMatchObject({
      chainOfTrust: { inputs: { 'docker-image': { 'task-reference': '<docker-image>' } } },
    });
  });

  test.each([
    ['docker-image', {}],
    ['images', { 'docker-image-kind': 'images' }],
  ])('can lie in a folder of another name, as kind %s says', (kind, more) => {
    const folder = join(repository, 'taskcluster/kinds', kind);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'kind.yml'), 'tasks: {other: {symbol: o, definition: base}}\n');
    const draft = withWorker(dockerTask, { 'docker-image': { 'in-tree': 'other' } });
    const { payload } = made(draft, {}, { repository, graphConfig: { ...graphConfig, ...more } });
    expect(payload['env']).toHaveProperty('TASKCLUSTER_VOLUMES');
  });

  test('mistakes', () => {
    const twice = withWorker(onBase, { volumes: ['/z'] });
    expect(mistakesIn(twice, {}, { repository })).toEqual(['worker.volumes: the volume /z is defined twice']);
    const taken = { ...onBase, dependencies: { 'docker-image': 'mine' } };
    expect(mistakesIn(taken, {}, { repository })[0]).toMatch(/^dependencies\.docker-image: .*is taken/);
    const missing = withWorker(dockerTask, { 'docker-image': { 'in-tree': 'bsae' } });
    expect(mistakesIn(missing, {}, { repository })[0]).toMatch(/^worker\..*there is no image "bsae"/);
    addDockerfile('listed', ['VOLUME ["/a"]']);
    const listed = withWorker(dockerTask, { 'docker-image': { 'in-tree': 'listed' } });
    expect(mistakesIn(listed, {}, { repository })[0]).toMatch(/declares volumes as a list$/);
  });
});
