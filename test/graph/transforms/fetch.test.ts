import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../src/base/hash.ts';
import { fetch } from '../../../src/graph/transforms/fetch.ts';
import { transformContext, transformed } from './transform-context.ts';

const url = { type: 'static-url', url: 'https://example.com/a/x.tar.gz', sha256: 'ab', size: 12 };
const of = (wanted: Record<string, unknown>, more: Record<string, unknown> = {}) => [
  { name: 'x', description: 'an x', fetch: wanted, ...more },
];

describe('fetch', () => {
  test('of a URL', () => {
    const { drafts, mistakes } = transformed(
      fetch,
      of(
        {
          ...url,
          'strip-components': 1,
          'add-prefix': 'p/',
          'artifact-name': 'x.tar.zst',
          headers: { A: 'b' },
        },
        { 'fetch-alias': 'y' },
      ),
      { kind: 'fetch' },
    );
    const checked = ['--sha256', 'ab', '--size', '12', '--strip-components', '1', '--add-prefix', 'p/'];
    expect(mistakes).toEqual([]);
    expect(drafts).toEqual([
      expect.objectContaining({
        name: 'x',
        label: 'fetch-x',
        description: 'an x',
        'expires-after': '1000 years',
        'worker-type': 'images',
        'run-on-projects': [],
        attributes: {
          'fetch-artifact': 'public/x.tar.zst',
          'fetch-alias': 'y',
          cached_task: {
            type: 'content.v1',
            name: 'x',
            digest: sha256([...checked, 'x.tar.zst'].join('\n')),
          },
        },
        run: {
          using: 'run-task',
          checkout: false,
          command: [
            'fetch-content',
            'static-url',
            ...checked,
            '-H',
            'A:b',
            url.url,
            '/builds/worker/artifacts/x.tar.zst',
          ],
        },
        worker: {
          'chain-of-trust': true,
          'docker-image': { 'in-tree': 'fetch' },
          env: { UPLOAD_DIR: '/builds/worker/artifacts' },
          'max-run-time': 900,
          artifacts: [{ type: 'directory', name: 'public', path: '/builds/worker/artifacts' }],
        },
      }),
    ]);
    expect(drafts[0]).not.toHaveProperty('treeherder');
  });

  test('of a git repository, with a secret', () => {
    const revision = 'c'.repeat(40);
    const wanted = {
      type: 'git',
      repo: 'ssh://example.com/some/repo/',
      revision,
      'include-dot-git': true,
      'ssh-key': 'my/key',
    };
    const graphConfig = { ...transformContext().graphConfig, treeherder: {} };
    const [draft] = transformed(fetch, of(wanted, { 'artifact-prefix': 'private' }), { graphConfig }).drafts;
    expect(draft).toMatchObject({
      scopes: ['secrets:get:my/key'],
      treeherder: { symbol: 'Fetch(x)', kind: 'build', platform: 'fetch/opt', tier: 1 },
      attributes: {
        'fetch-artifact': 'private/repo.tar.zst',
        cached_task: { digest: sha256([revision, 'repo', 'repo.tar.zst', '.git'].join('\n')) },
      },
      worker: { 'taskcluster-proxy': true },
      run: {
        command: [
          'fetch-content',
          'git-checkout-archive',
          '--path-prefix',
          'repo',
          wanted.repo,
          revision,
          '/builds/worker/artifacts/repo.tar.zst',
          '--ssh-key-secret',
          'my/key',
          '--include-dot-git',
        ],
      },
    });
  });

  test('with a signature', () => {
    const repository = mkdtempSync(join(tmpdir(), 'caisson-fetch-'));
    try {
      writeFileSync(join(repository, 'key.asc'), 'KEY');
      const wanted = { ...url, 'gpg-signature': { 'sig-url': '{url}.asc', 'key-path': 'key.asc' } };
      const [draft] = transformed(fetch, of(wanted), { repository }).drafts;
      expect(draft).toMatchObject({
        worker: { env: { FETCH_GPG_KEY: 'KEY' } },
        run: {
          command: expect.arrayContaining([
            '--gpg-sig-url',
            `${url.url}.asc`,
            '--gpg-key-env',
            'FETCH_GPG_KEY',
          ]) as unknown,
        },
      });
      const missing = { ...url, 'gpg-signature': { 'sig-url': 'x', 'key-path': 'none' } };
      expect(transformed(fetch, of(missing), { repository }).mistakes).toEqual([
        'fetch.gpg-signature.key-path: there is no file "none"',
      ]);
    } finally {
      rmSync(repository, { recursive: true });
    }
  });

  test('refuses an unknown type, and a revision that is a name', () => {
    expect(transformed(fetch, of({ type: 'static-urll' })).mistakes).toEqual([
      'fetch.type: there is no fetch type "static-urll"',
    ]);
    expect(transformed(fetch, of({ type: 'git', repo: 'x', revision: 'main' })).mistakes).toEqual([
      'fetch.revision: "main" is not a full commit hash',
    ]);
  });
});
