import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { taskContext } from '../../../src/graph/transforms/task-context.ts';
import { transformContext, transformed } from './transform-context.ts';

let repository: string;
beforeAll(() => {
  repository = mkdtempSync(join(tmpdir(), 'caisson-context-'));
  writeFileSync(
    join(repository, 'values.yml'),
    'a: from-file\nb: from-file\nc: from-file\nversions: [1.0, yes]\n',
  );
  writeFileSync(join(repository, 'list.yml'), '- a\n');
  writeFileSync(join(repository, 'broken.yml'), 'a: [\n');
});
afterAll(() => rmSync(repository, { recursive: true }));

const params = { ...transformContext().params, extra: { deep: { value: 'deep' }, empty: null } };
const run = (draft: Record<string, unknown>) => transformed(taskContext, [draft], { repository, params });

describe('taskContext', () => {
  test('values come from parameters, an object and a file, in this order', () => {
    const { drafts, mistakes } = run({
      name: 'me',
      description: '{name} {a} {b} {c} {versions} {never}',
      'task-context': {
        'from-parameters': { a: 'extra.deep.value', never: 'no.such.parameter' },
        'from-object': { a: 'from-object', b: 'from-object' },
        'from-file': 'values.yml',
        'substitution-fields': ['description'],
      },
    });
    expect(mistakes).toEqual([]);
    expect(drafts).toEqual([{ name: 'me', description: 'me deep from-object from-file [1.0, True] None' }]);
  });

  test('of several parameters the first counts that is not null', () => {
    const wanted = { x: ['extra.none', 'extra.empty', 'level', 'version'], y: ['extra.none'] };
    const fill = (description: string) =>
      run({
        description,
        'task-context': { 'from-parameters': wanted, 'substitution-fields': ['description'] },
      });
    expect(fill('{x}').drafts).toEqual([{ description: '3' }]);
    expect(fill('{y}').mistakes).toEqual([expect.stringContaining('there is no "y"')]);
  });

  test('by-* mappings are answered first', () => {
    const { drafts } = run({
      name: 'me',
      description: { 'by-x': { one: 'for {name}', default: 'no' } },
      worker: { 'max-run-time': { 'by-level': { '3': 60, default: 1 } } },
      'task-context': {
        'from-parameters': { level: 'level' },
        'from-object': { x: 'one' },
        'substitution-fields': ['description', 'worker.max-run-time'],
      },
    });
    expect(drafts).toEqual([{ name: 'me', description: 'for me', worker: { 'max-run-time': 60 } }]);
  });

  test('options of by-* mappings', () => {
    const options = { defer: ['moon'], 'enforce-single-match': false };
    const { drafts } = run({
      name: 'me',
      a: { 'by-moon': { full: 1, default: 2 } },
      b: { 'by-x': { 'o.*': 'first', '.*e': 'second' } },
      'task-context': {
        'from-object': { x: 'one', moon: 'full' },
        'resolve-keyed-by-options': options,
        'substitution-fields': ['a', 'b'],
      },
    });
    expect(drafts).toEqual([{ name: 'me', a: { 'by-moon': { full: 1, default: 2 } }, b: 'first' }]);
  });

  test('a mistake is told at its place', () => {
    const config = { 'substitution-fields': ['worker.env', 'a'], 'from-object': { x: 'c' } };
    const env = { A: ['{b}'] };
    expect(run({ name: 'me', a: 1, worker: { env }, 'task-context': config }).mistakes).toEqual([
      expect.stringContaining('worker.env.A.0: there is no "b"'),
    ]);
    const a = { 'by-x': { d: 1, e: 2 } };
    expect(run({ name: 'me', a, worker: { env: {} }, 'task-context': config }).mistakes).toEqual([
      expect.stringContaining('a: no alternative of by-x'),
    ]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    [
      'a file that is not there',
      { 'from-file': 'none.yml' },
      'task-context.from-file: there is no file "none.yml"',
    ],
    [
      'a file that is no mapping',
      { 'from-file': 'list.yml' },
      'task-context.from-file: "list.yml" is not a mapping',
    ],
    ['a file that is no YAML', { 'from-file': 'broken.yml' }, 'task-context.from-file: broken.yml:1:4: '],
    ['a provider that nobody made', { 'from-custom': ['x'] }, 'there is no provider "x"'],
    [
      'a field that is not there',
      { 'substitution-fields': ['nowhere'] },
      'task-context: there is no field "nowhere"',
    ],
  ])('refuses %s', (_, config, message) => {
    const { drafts, mistakes } = run({
      name: 'me',
      'task-context': { 'substitution-fields': ['name'], ...config },
    });
    expect(drafts).toEqual([]);
    expect(mistakes).toEqual([expect.stringContaining(message)]);
  });
});
