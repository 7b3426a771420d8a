import { describe, expect, test } from 'vitest';
import { cachedTasks } from '../../../src/graph/transforms/cached-tasks.ts';
import { chunking } from '../../../src/graph/transforms/chunking.ts';
import { dockerImage } from '../../../src/graph/transforms/docker-image.ts';
import { fetch } from '../../../src/graph/transforms/fetch.ts';
import { fromDeps } from '../../../src/graph/transforms/from-deps.ts';
import { matrix } from '../../../src/graph/transforms/matrix.ts';
import { notify } from '../../../src/graph/transforms/notify.ts';
import { taskContext } from '../../../src/graph/transforms/task-context.ts';
import type { Draft, Transform } from '../../../src/graph/transforms/transform.ts';
import { transformContext, transformed } from './transform-context.ts';

const url = { type: 'static-url', url: 'https://example.com/x', sha256: 'ab', size: 1 };
const email = { type: 'email', address: 'a@example.com' };

describe('drafts of the wrong shape are reported at the place of the mistake, and left out', () => {
  test.each<[string, Transform, Draft, string]>([
    ['matrix', matrix, { matrix: { a: ['1'] } }, ': the task needs the key "name"'],
    ['matrix', matrix, { name: 'x', matrix: [] }, 'matrix: "matrix" must be a mapping'],
    ['matrix', matrix, { name: 'x', matrix: { a: 'text' } }, 'matrix.a: "matrix.a" must be a list'],
    ['matrix', matrix, { name: 'x', matrix: { a: [], exclude: {} } }, 'matrix.exclude: '],
    ['chunk', chunking, { chunk: {} }, 'chunk: "chunk" needs the key "total-chunks"'],
    ['chunk', chunking, { chunk: { 'total-chunks': '2' } }, 'chunk.total-chunks: '],
    ['chunk', chunking, { chunk: { 'total-chunks': 2, fields: [] } }, 'chunk.fields: unknown key "fields"'],
    ['from-deps', fromDeps, { 'from-deps': { kind: [] } }, 'from-deps.kind: unknown key "kind"'],
    ['from-deps', fromDeps, { 'from-deps': { fetches: { a: ['x'] } } }, 'from-deps.fetches.a.0: '],
    [
      'cache',
      cachedTasks,
      { label: 'x', cache: { type: 'a', name: 'b' } },
      'cache: "cache" needs the key "digest-data"',
    ],
    ['image', dockerImage, { name: 'x', arg: {} }, 'arg: unknown key "arg"'],
    ['image', dockerImage, { name: 'x', args: { A: 12 } }, 'args.A: "args.A" must be a text'],
    ['image', dockerImage, { name: 'x', index: { rank: 'best' } }, 'index.rank: '],
    ['fetch', fetch, { name: 'x', fetch: url }, ': the task needs the key "description"'],
    ['fetch', fetch, { name: 'x', description: 'x', fetch: { ...url, size: '1' } }, 'fetch.size: '],
    ['notify', notify, { name: 'x', notify: {} }, 'notify: "notify" needs the key "recipients"'],
    [
      'notify',
      notify,
      { name: 'x', notify: { recipients: [{ type: 'mail' }] } },
      'notify.recipients.0.type: ',
    ],
    [
      'notify',
      notify,
      { name: 'x', notify: { recipients: [{ type: 'pulse' }] } },
      'needs the key "routing-key"',
    ],
    [
      'notify',
      notify,
      { name: 'x', notify: { recipients: [{ ...email, 'status-type': 'x' }] } },
      'recipients.0.status-type',
    ],
    [
      'notify',
      notify,
      { name: 'x', notify: { recipients: [] }, notifications: { emails: [], subject: '' } },
      'exclude each other',
    ],
    ['task-context', taskContext, { 'task-context': {} }, 'needs the key "substitution-fields"'],
    [
      'task-context',
      taskContext,
      { 'task-context': { 'substitution-fields': [], from: 1 } },
      'task-context.from: unknown',
    ],
  ])('%s %#', (_, transform, draft, message) => {
    const { drafts, mistakes } = transformed(transform, [draft], { repository: import.meta.dirname });
    expect(drafts).toEqual([]);
    expect(mistakes).toEqual([expect.stringContaining(message)]);
  });
});

test('keys of a fetch that nobody looks at are a warning', () => {
  const context = transformContext();
  const draft = { name: 'x', description: 'x', fetch: { ...url, 'artefact-name': 'y' } };
  expect([...fetch(context, [draft])]).toHaveLength(1);
  expect(context.mistakes).toEqual([
    expect.objectContaining({
      severity: 'warning',
      path: ['fetch', 'artefact-name'],
      hint: 'did you mean "artifact-name"?',
    }),
  ]);
});
