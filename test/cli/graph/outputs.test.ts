import { describe, expect, it } from 'vitest';
import { outputFiles, writeOutput } from '../../../src/cli/graph/outputs.ts';

const set = (name: string) => ({ spec: `${name}.yml`, name });

describe('the file of each set of parameters', () => {
  it('is the one named when there is one set', () => {
    expect(outputFiles('out.json', [set('a')])).toEqual(['out.json']);
    expect(outputFiles('out-{params}.json', [set('a')])).toEqual(['out-a.json']);
    expect(outputFiles(undefined, [set('a'), set('b')])).toEqual([null, null]);
  });

  it('has the name of the set before its extension, or for {params}', () => {
    const sets = [set('a'), set('project=x/y')];
    expect(outputFiles('dir.d/out.json', sets)).toEqual(['dir.d/out_a.json', 'dir.d/out_project=x_y.json']);
    expect(outputFiles('/out', sets)).toEqual(['/out_a', '/out_project=x_y']);
    expect(outputFiles('{params}/out.json', sets)).toEqual(['a/out.json', 'project=x_y/out.json']);
  });

  it('is never that of another set', () => {
    expect(() => outputFiles('out.json', [set('a'), set('a')])).toThrow('would be written to out_a.json');
  });
});

it('a file that cannot be written is told with the reason', () => {
  expect(() => writeOutput('', 'x'.repeat(300))).toThrow('cannot be written: ENAMETOOLONG');
  expect(() => writeOutput('', '/dev/null/x')).toThrow('cannot be written: ENOTDIR');
});
