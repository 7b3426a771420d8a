import { describe, expect, it, onTestFinished } from 'vitest';
import { sha256 } from '../../../src/base/hash.ts';
import { parseImage } from '../../../src/cli/image/image-reference.ts';
import { askDigest } from '../../../src/cli/image/registry.ts';
import { type LoopbackRegistry, startRegistry } from '../../support/registry.ts';

async function open(): Promise<LoopbackRegistry> {
  const registry = await startRegistry();
  onTestFinished(() => registry.close());
  return registry;
}

describe('the name of an image', () => {
  const hub = 'https://registry-1.docker.io';

  it.each([
    ['debian', hub, 'library/debian', 'latest'],
    ['debian:12', hub, 'library/debian', '12'],
    ['docker.io/mozilla/tool:1.0-x', hub, 'mozilla/tool', '1.0-x'],
    ['ghcr.io/org/sub/app', 'https://ghcr.io', 'org/sub/app', 'latest'],
    ['example.com:5000/app:2', 'https://example.com:5000', 'app', '2'],
    ['localhost/app', 'http://localhost', 'app', 'latest'],
    ['127.0.0.1:5000/app:1', 'http://127.0.0.1:5000', 'app', '1'],
  ])('%s', (image, registry, repository, tag) => {
    expect(parseImage(image)).toEqual({ registry, repository, tag });
  });

  it.each(['', 'Debian', 'debian:', 'a b', 'debian:12@sha256:00', '../x', 'a/../b'])('is not %j', (image) => {
    expect(() => parseImage(image)).toThrow('is not the name of an image');
  });
});

describe('the digest of an image', () => {
  it('is what the registry says of the manifest, asked with a token for this repository', async () => {
    const registry = await open();
    registry.manifests.set('team/app:1', '{}');
    registry.digest = () => 'sha256:told';
    expect(await askDigest(`${registry.host}/team/app:1`)).toBe('sha256:told');
    const path = '/v2/team/app/manifests/1';
    expect(registry.asked).toEqual([`HEAD ${path}`, 'GET /token', `HEAD ${path}`]);
  });

  it("is that of the manifest's bytes when the registry does not say", async () => {
    const registry = await open();
    registry.manifests.set('app:1', '{"x": 1}');
    expect(await askDigest(`${registry.host}/app:1`)).toBe(`sha256:${sha256('{"x": 1}')}`);
  });

  it('is missing where there is no image or no registry', async () => {
    const registry = await open();
    await expect(askDigest(`${registry.host}/app:2`)).rejects.toMatchObject({
      failure: { kind: 'configuration', message: expect.stringContaining('there is no image') },
    });
    await expect(askDigest('127.0.0.1:1/app:2')).rejects.toMatchObject({
      failure: { kind: 'unavailable', message: expect.stringContaining('cannot be reached') },
    });
  });
});
