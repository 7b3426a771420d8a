import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sha256 } from '../../src/base/hash.ts';
import { caissonBeside, type Finished } from '../support/caisson.ts';
import { type LoopbackRegistry, startRegistry } from '../support/registry.ts';
import { configYml, kindYml, TestRepository } from '../support/repository.ts';

const lock = 'taskcluster/images.lock.json';

/** A repository with two tasks, in the images app:1 and app:2 of a registry. */
async function open(): Promise<{ registry: LoopbackRegistry; repository: TestRepository }> {
  const registry = await startRegistry();
  for (const tag of ['1', '2']) registry.manifests.set(`app:${tag}`, `manifest ${tag}`);
  const kind = (tag: string): string =>
    kindYml({ one: 'true' }).replace('debian:12', `${registry.host}/app:${tag}`);
  const repository = new TestRepository({
    'taskcluster/config.yml': configYml,
    'taskcluster/kinds/first/kind.yml': kind('1'),
    'taskcluster/kinds/second/kind.yml': kind('2'),
  });
  onTestFinished(async () => {
    await registry.close();
    repository[Symbol.dispose]();
  });
  return { registry, repository };
}

interface Task {
  readonly payload: { readonly image: string; readonly cache: object };
  readonly extra: { readonly caisson: { readonly caches: Record<string, { record: { image: string } }> } };
}

async function task(
  repository: TestRepository,
  label: string,
): Promise<{ image: string; record: string; name: string }> {
  const { stdout, stderr } = await caissonBeside(repository, ['graph', 'full', '-J']);
  if (stdout === '') throw new Error(stderr);
  const { payload, extra } = (JSON.parse(stdout) as Record<string, { task: Task }>)[label]!.task;
  const [name] = Object.keys(payload.cache);
  return { image: payload.image, record: extra.caisson.caches[name!]!.record.image, name: name! };
}

const digest = (tag: string): string => `sha256:${sha256(`manifest ${tag}`)}`;
const pin = (repository: TestRepository, ...args: string[]): Promise<Finished> =>
  caissonBeside(repository, ['image', 'pin', ...args]);

describe('images by tag', () => {
  it('are pinned in a lock file, and from then on in payloads and records of caches', async () => {
    const { registry, repository } = await open();
    const image = `${registry.host}/app:1`;
    const before = await task(repository, 'first-one');
    expect(before).toMatchObject({ image, record: `image-tag:${image}` });
    const notes = await caissonBeside(repository, ['graph', 'check']);
    expect(notes.stderr).toContain(`note: the content of the image ${image} may change`);

    expect(await pin(repository)).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(join(repository.top, lock), 'utf8')).toBe(
      `${JSON.stringify({ version: 1, images: { [image]: digest('1'), [`${registry.host}/app:2`]: digest('2') } }, null, 2)}\n`,
    );
    const after = await task(repository, 'first-one');
    expect(after).toMatchObject({ image: `${image}@${digest('1')}`, record: `${image}@${digest('1')}` });
    expect(after.name).not.toBe(before.name);
    expect((await caissonBeside(repository, ['graph', 'check'])).stderr).not.toContain('note');
  });

  it('get other caches when their content changes, as soon as they are pinned again', async () => {
    const { registry, repository } = await open();
    await pin(repository);
    const before = await task(repository, 'first-one');
    registry.manifests.set('app:1', 'manifest new');
    registry.manifests.set('app:2', 'manifest newer');
    expect(await task(repository, 'first-one')).toEqual(before);
    const pinned = await pin(repository, '--json', `${registry.host}/app:1`);
    expect(JSON.parse(pinned.stdout)).toEqual([
      { image: `${registry.host}/app:1`, digest: digest('new'), before: digest('1') },
      { image: `${registry.host}/app:2`, digest: digest('2'), before: digest('2') },
    ]);
    expect((await task(repository, 'first-one')).name).not.toBe(before.name);
  });

  it('leave the lock file as it is when one of them cannot be had', async () => {
    const { registry, repository } = await open();
    registry.manifests.delete('app:2');
    const failed = await pin(repository);
    expect(failed).toMatchObject({ status: 65 });
    expect(failed.stderr).toContain(`there is no image ${registry.host}/app:2`);
    expect(existsSync(join(repository.top, lock))).toBe(false);
    expect((await pin(repository, 'other:1')).status).toBe(64);
  });

  it('are not pinned by a lock file that is wrong: each mistake is told at its place', async () => {
    const { repository } = await open();
    repository.write({ [lock]: '{\n  "version": 2,\n  "images": {"a:1": "sha256:12"},\n  "more": {}\n}\n' });
    const { status, stderr } = await caissonBeside(repository, ['graph', 'full']);
    expect(status).toBe(65);
    expect(stderr).toContain(`${lock}:2:3: error: "version" must be 1`);
    expect(stderr).toContain('a digest is "sha256:" and 64 hexadecimal digits');
    expect(stderr).toContain('"more"');
  });

  it('are built by other means so far', async () => {
    const { repository } = await open();
    const built = await caissonBeside(repository, ['image', 'build', 'box']);
    expect(built).toMatchObject({ status: 64 });
    expect(built.stderr).toContain('image build is not built yet');
  });
});
