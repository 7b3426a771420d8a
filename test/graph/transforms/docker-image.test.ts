import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dockerImage } from '../../../src/graph/transforms/docker-image.ts';
import { byLabel, graphTask, transformContext, transformed } from './transform-context.ts';

let repository: string;
beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'caisson-images-'));
  mkdirSync(join(repository, 'taskcluster/docker/base'), { recursive: true });
  writeFileSync(join(repository, 'taskcluster/docker/base/Dockerfile'), 'FROM debian\n');
});
afterEach(() => rmSync(repository, { recursive: true }));

const hash = '7ed1c5bd6afd1f55b3ecbaba8126eef7cd68f51212491320f74cfdbccea0b612';

describe('dockerImage', () => {
  test('the task that builds an image', () => {
    const { drafts, mistakes } = transformed(
      dockerImage,
      [
        {
          name: 'child',
          definition: 'base',
          parent: 'base',
          symbol: 'I(c)',
          packages: ['zsh', 'ash'],
          args: { B: '2', A: '1' },
        },
      ],
      {
        repository,
        kindDependenciesTasks: byLabel(graphTask('packages', 'ash'), graphTask('packages', 'zsh')),
      },
    );
    expect(mistakes).toEqual([]);
    expect(drafts).toHaveLength(1);
    expect(drafts[0]).toMatchObject({
      label: 'docker-image-child',
      'expires-after': '1 year',
      dependencies: { ash: 'packages-ash', zsh: 'packages-zsh', parent: 'docker-image-base' },
      treeherder: { symbol: 'I(c)', platform: 'taskcluster-images/opt', kind: 'other', tier: 1 },
      worker: {
        env: {
          HASH: hash,
          DOCKER_IMAGE_ZSTD_LEVEL: '10',
          DOCKER_BUILD_ARGS: { 'task-reference': '{"B":"2","A":"1","DOCKER_IMAGE_PACKAGES":"<zsh> <ash>"}' },
          PARENT_TASK_ID: { 'task-reference': '<parent>' },
        },
      },
      cache: {
        type: 'docker-images.v2',
        name: 'child',
        'digest-data': [hash, '{"A":"1","B":"2"}', expect.stringMatching(/^image-builder-image:.*@sha256:/)],
      },
    });
  });

  test('level 1 keeps images for a shorter time; an image may be left out of the cache', () => {
    const params = { ...transformContext().params, level: '1' };
    const [draft] = transformed(dockerImage, [{ name: 'base', cache: false }], { repository, params }).drafts;
    expect(draft).toMatchObject({
      'expires-after': '28 days',
      worker: { env: { DOCKER_IMAGE_ZSTD_LEVEL: '3' } },
    });
    expect(draft).not.toHaveProperty('cache');
    expect(draft).not.toHaveProperty('dependencies');
  });

  test('refuses a package that nobody makes, and a folder without Dockerfile', () => {
    const { drafts, mistakes } = transformed(
      dockerImage,
      [{ name: 'base', packages: ['x'] }, { name: 'none' }, { name: 'base' }],
      { repository },
    );
    expect(drafts.map(({ label }) => label)).toEqual(['docker-image-base']);
    expect(mistakes).toEqual([
      'packages.0: there is no task that makes package "x"',
      'definition: there is no file "taskcluster/docker/none/Dockerfile"',
    ]);
  });
});
