import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveScalar } from '../../../src/graph/load/yaml-scalar.ts';
import { parseYaml } from '../../../src/graph/load/yaml-file.ts';
import { writeJson } from '../../../src/graph/output/json.ts';
import { writeYaml } from '../../../src/graph/output/yaml.ts';
import { PythonFloat } from '../../../src/graph/values/python-float.ts';

function parse(text: string): unknown {
  const parsed = parseYaml(text, 'x.yml');
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value.value;
}

describe('YAML 1.1', () => {
  it.each([
    ['yes', true],
    ['Off', false],
    ['TRUE', true],
    ['y', undefined],
    ['yEs', undefined],
    ['~', null],
    ['NULL', null],
    ['010', 8],
    ['0o10', undefined],
    ['08', undefined],
    ['0x1F', 31],
    ['-0b101', -5],
    ['1_000', 1000],
    ['1:30', 90],
    ['-1:02:03', -3723],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['1e3', undefined],
    ['1.0e+3', new PythonFloat(1000)],
    ['1.', new PythonFloat(1)],
    ['20:30.15', 1230.15],
    ['1.2.3', undefined],
    ['12345678901234567890', 12345678901234567890n],
    ['2026-01-31', new Date(Date.UTC(2026, 0, 31))],
    ['-', undefined],
    ['.', undefined],
  ])('%s', (text, value) => {
    expect(resolveScalar(text)).toEqual(value);
  });

  it('merges, lets the last of equal keys win and keeps explicit tags', () => {
    const text =
      'a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 9}\nd: 1\nd: !!str 2\ne: !!float 3\nyes: 1\n010: 2\n';
    expect(writeJson(parse(text)).replace(/\s+/g, ' ')).toBe(
      '{ "8": 2, "a": { "x": 1, "y": 1 }, "b": { "y": 2, "z": 2 }, "c": { "x": 9, "y": 1, "z": 2 }, "d": "2", "e": 3.0, "true": 1 }',
    );
  });

  it('keeps the order of keys that look like integers where it is asked for', () => {
    const parsed = parseYaml('tasks:\n  b: {}\n  10: {}\n  2: {}\n  a: {}\n', 'x.yml');
    if (!parsed.ok) throw new Error(parsed.error.message);
    const { tasks } = parsed.value.value as { tasks: Record<string, unknown> };
    expect(parsed.value.entries(tasks, ['tasks']).map(([key]) => key)).toEqual(['b', '10', '2', 'a']);
  });

  it('finds places through aliases, merge keys and lists', () => {
    const text =
      'base: &base\n  worker:\n    env: {A: 1}\ntasks:\n  one:\n    <<: *base\n    list:\n      - a\n      - {b: c}\n';
    const parsed = parseYaml(text, 'x.yml');
    if (!parsed.ok) throw new Error(parsed.error.message);
    const at = (...path: (string | number)[]) => {
      const { line, column, length } = parsed.value.placeOf(path);
      return [line, column, length];
    };
    expect(at('tasks', 'one')).toEqual([5, 3, 3]);
    expect(at('tasks', 'one', 'worker', 'env', 'A')).toEqual([3, 11, 4]);
    expect(at('tasks', 'one', 'list', 1, 'b')).toEqual([9, 10, 4]);
    expect(at('tasks', 'one', 'list', 7)).toEqual([7, 5, 4]);
    expect(at('nowhere')).toEqual([1, 1, 1]);
  });

  it('what is written as YAML reads back as the same', () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'yes',
        '1:30',
        '010',
        '~',
        '',
        '<<',
        '2026-01-31',
        '- a',
        'a: b',
        '#',
        '1_0',
        '0x',
        '=',
        '1e3',
      ),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('tree')),
        fc.dictionary(fc.string({ minLength: 1 }), tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(writeJson(parse(writeYaml({ value })))).toBe(writeJson({ value }));
      }),
    );
  });
});
