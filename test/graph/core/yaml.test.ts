import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveScalar } from '../../../src/graph/load/yaml-scalar.ts';
import { parseYaml } from '../../../src/graph/load/yaml-file.ts';
import { writeJson } from '../../../src/graph/output/json.ts';
import { writeYaml } from '../../../src/graph/output/yaml.ts';
import { isMapping } from '../../../src/graph/values/plain.ts';
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

  it.each([
    ['a list with empty items', '-\n- # none\n- b\n', [2], [3, 3, 1]],
    ['a list as deep as its key', 'a:\n- b\n- c: d # e\n  f: g\nh: i\n', ['a', 1], [3, 3, 8]],
    ['a list in a list', '- - a\n  - b\n', [0, 1], [2, 5, 1]],
    ['a mapping in brackets', '[a, b: c, {d: e}]', [1, 'b'], [1, 5, 4]],
    ['values that are left out', '{a, b: , c: 1}', ['c'], [1, 10, 4]],
    ['comments with colons', 'a: [\n  1, # b: c\n  d,\n]\n', ['a', 1], [3, 3, 1]],
    ['a value left out before a comment', 'a:  # b\n', ['a'], [1, 1, 2]],
    ['a long text', 'a: |\n  b: c\n  # d\ne: f\n', ['e'], [4, 1, 4]],
    ['a text over lines', 'a: b\n  c # d\ne: f\n', ['a'], [1, 1, 1]],
    ['a key of another type', '010: a\n', ['8'], [1, 1, 6]],
    ['a key that is written out', '? |\n  a\n: - b\n', ['a\n', 0], [3, 5, 1]],
    ['anchors and tags', 'a: &x !!str # b\nc: &y !!int 1\nd: [*x, *y]\n', ['d', 1], [3, 9, 2]],
    [
      'a member that is merged in twice',
      'a: &x {k: 1}\nb: &y {k: 2}\nc: {<<: [*x, *y]}\n',
      ['c', 'k'],
      [1, 8, 4],
    ],
    ['the last of equal keys', 'a: 1\na: 2\n', ['a'], [2, 1, 4]],
    ['lines that end as in Windows', '\uFEFFa: 1\r\nb:\r\n  - c\r\n', ['b', 0], [3, 5, 1]],
  ])('finds %s', (_, text, path, place) => {
    const parsed = parseYaml(text, 'x.yml');
    if (!parsed.ok) throw new Error(parsed.error.message);
    const { line, column, length } = parsed.value.placeOf(path);
    expect([line, column, length]).toEqual(place);
    expect(parsed.value.source.find(path).depth).toBe(path.length);
  });

  it('what is written reads back as the same, and every part of it is found', () => {
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
        for (const text of [writeYaml({ value }), writeJson({ value })]) {
          const parsed = parseYaml(text, 'x.yml');
          if (!parsed.ok) throw new Error(parsed.error.message);
          for (const path of pathsIn(parsed.value.value))
            expect(parsed.value.source.find(path)).toMatchObject({ depth: path.length });
        }
      }),
    );
  });
});

/** The paths of all parts of a value. */
function pathsIn(value: unknown): (string | number)[][] {
  const steps: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : isMapping(value)
      ? Object.entries(value)
      : [];
  return [[], ...steps.flatMap(([step, part]) => pathsIn(part).map((path) => [step, ...path]))];
}
