import { expect, test } from 'vitest';
import { chunking } from '../../../src/graph/transforms/chunking.ts';
import { transformed } from './transform-context.ts';

test('numbers go into fields and attributes', () => {
  const { drafts, mistakes } = transformed(chunking, [
    {
      name: 't-{this_chunk}/{total_chunks}',
      description: '{kept}',
      attributes: { mine: true },
      run: { command: ['x', '{this_chunk:02d}'] },
      chunk: { 'total-chunks': 2, 'substitution-fields': ['name', 'run.command'] },
    },
    { name: 'plain' },
  ]);
  expect(mistakes).toEqual([]);
  expect(drafts).toEqual([
    {
      name: 't-1/2',
      description: '{kept}',
      attributes: { mine: true, this_chunk: 1, total_chunks: 2 },
      run: { command: ['x', '01'] },
    },
    {
      name: 't-2/2',
      description: '{kept}',
      attributes: { mine: true, this_chunk: 2, total_chunks: 2 },
      run: { command: ['x', '02'] },
    },
    { name: 'plain' },
  ]);
});

test('a field that is not there is a mistake', () => {
  const chunk = { 'total-chunks': 2, 'substitution-fields': ['run.command'] };
  const { drafts, mistakes } = transformed(chunking, [{ name: 'x', chunk }]);
  expect(drafts).toEqual([]);
  expect(mistakes).toEqual([expect.stringContaining('no field "run.command"')]);
});
