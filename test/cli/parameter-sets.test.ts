import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parameterSets } from '../../src/cli/parameter-sets.ts';
import { workTree } from '../graph/core/work-tree.ts';

describe('sets of parameters', () => {
  it('are called after what names them', () => {
    const specs = [
      'dir/a.b.yml',
      'https://host/x/push.json?y=1.z',
      'project=try',
      'task-id=A',
      'index=a.b',
      '',
    ];
    expect(parameterSets(specs).map(({ name }) => name)).toEqual([
      'a.b',
      'push',
      'project=try',
      'task-id=A',
      'index=a.b',
      'defaults',
    ]);
    expect(parameterSets()).toEqual([{ spec: null, name: 'defaults' }]);
  });

  it('are all the parameter files of a folder', () => {
    const top = workTree({ 'b.yml': '', 'a.json': '', 'c.yaml': '', 'README.md': '', 'deep/d.yml': '' });
    expect(parameterSets([top]).map(({ spec }) => spec)).toEqual(
      ['a.json', 'b.yml', 'c.yaml'].map((name) => join(top, name)),
    );
    mkdirSync(join(top, 'empty'));
    writeFileSync(join(top, 'empty/x.txt'), '');
    expect(() => parameterSets([join(top, 'empty')])).toThrow('there are no parameters in');
  });
});
