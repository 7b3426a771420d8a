import { expect, test } from 'vitest';
import { matrix } from '../../../src/graph/transforms/matrix.ts';
import { PythonFloat } from '../../../src/graph/values/python-float.ts';
import { transformContext, transformed } from './transform-context.ts';

test('one draft for every combination, values in all fields and in the name', () => {
  const { drafts, mistakes } = transformed(matrix, [
    {
      name: 'test',
      description: 'py{matrix[py]} {{os}}',
      worker: { 'K_{matrix[os]}': ['{matrix[py]}'] },
      matrix: { py: [3, true], os: ['linux'] },
    },
    { name: 'plain', description: '{untouched}' },
  ]);
  expect(mistakes).toEqual([]);
  expect(drafts).toEqual([
    {
      name: 'test-3-linux',
      description: 'py3 {os}',
      worker: { K_linux: ['3'] },
      attributes: { matrix: { py: 3, os: 'linux' } },
    },
    {
      name: 'test-True-linux',
      description: 'pyTrue {os}',
      worker: { K_linux: ['True'] },
      attributes: { matrix: { py: true, os: 'linux' } },
    },
    { name: 'plain', description: '{untouched}' },
  ]);
});

test('a float is spelled as in the file', () => {
  const drafts = [{ name: 'x', matrix: { py: [new PythonFloat(3), 3.11] } }];
  expect([...matrix(transformContext(), drafts)].map(({ name }) => name)).toEqual(['x-3.0', 'x-3.11']);
});

test('set-name, substitution-fields and exclude', () => {
  const { drafts } = transformed(matrix, [
    {
      name: 'test',
      description: '{not substituted}',
      run: { command: '{matrix[a]}' },
      matrix: {
        'set-name': 'n-{matrix[b]}-{matrix[a]}',
        'substitution-fields': ['run.command'],
        exclude: [{ a: '2' }, { a: '3', b: 'y' }],
        a: ['1', '2', '3'],
        b: ['x', 'y'],
      },
    },
  ]);
  expect(drafts.map(({ name, run }) => [name, run])).toEqual([
    ['n-x-1', { command: '1' }],
    ['n-y-1', { command: '1' }],
    ['n-x-3', { command: '3' }],
  ]);
});

test('a mistake costs only its own draft', () => {
  const { drafts, mistakes } = transformed(matrix, [
    { name: 'a', run: { command: ['x', '{typo}'] }, matrix: { x: ['1'] } },
    { name: 'b', matrix: { x: ['1'], 'substitution-fields': ['nowhere'] } },
    { name: 'c', matrix: { exclude: [] } },
    { name: 'ok', matrix: { x: ['1'] } },
  ]);
  expect(drafts.map(({ name }) => name)).toEqual(['ok-1']);
  expect(mistakes).toEqual([
    expect.stringContaining('run.command.1: there is no "typo"'),
    expect.stringContaining('no field "nowhere"'),
    expect.stringContaining('matrix: "matrix" has no dimension'),
  ]);
});

test('values that the task has already are kept, those of `exclude` are texts', () => {
  const { drafts, mistakes } = transformed(matrix, [
    {
      name: 'a',
      attributes: { matrix: { os: 'mac' } },
      does: '{matrix[os]} {matrix[py]}',
      matrix: { py: [3] },
    },
    { name: 'b', matrix: { py: [3], exclude: [{ py: 3 }] } },
  ]);
  expect(drafts).toEqual([{ name: 'a-3', does: 'mac 3', attributes: { matrix: { os: 'mac', py: 3 } } }]);
  expect(mistakes).toEqual([expect.stringContaining('"matrix.exclude.0.py" must be a text')]);
});
