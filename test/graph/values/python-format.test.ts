import { describe, expect, test } from 'vitest';
import { PythonFloat } from '../../../src/graph/values/python-float.ts';
import { formatPython, PythonFormatError } from '../../../src/graph/values/python-format.ts';

const fields = {
  n: 7,
  neg: -42,
  big: 1234567,
  f: 1.5,
  one: new PythonFloat(1),
  huge: new PythonFloat(1e16),
  tiny: 0.00001,
  t: true,
  none: null,
  s: "it's",
  list: ['a', 1, null, true, new PythonFloat(2)],
  map: { a: { b: 'deep' }, 'x.y': 3 },
};

describe('formatPython', () => {
  test.each([
    ['no braces at all', 'no braces at all'],
    ['{{}} {{n}} {n}', '{} {n} 7'],
    ['{{{n}}}', '{7}'],
    ['{t} {none} {f} {one} {tiny} {huge}', 'True None 1.5 1.0 1e-05 1e+16'],
    ['{list}', "['a', 1, None, True, 2.0]"],
    ['{map}', "{'a': {'b': 'deep'}, 'x.y': 3}"],
    ['{map[a][b]} {list[0]} {s[0]} {map[x.y]}', 'deep a i 3'],
    ['{s!r} {s!s} {none!r:>6}', '"it\'s" it\'s   None'],
    ['{n:02d}|{n:>3}|{n:<3}|{n:^3}|{neg:05d}', '07|  7|7  | 7 |-0042'],
    ['{big:,} {big:_} {n:x} {n:#b} {n:+}', '1,234,567 1_234_567 7 0b111 +7'],
    ['{f:.2f} {f:e} {f:g} {f:%} {n:.1f}', '1.50 1.500000e+00 1.5 150.000000% 7.0'],
    ['{one:.3} {one:g}', '1.0 1'],
    ['{s:.2}|{s:*^8}', "it|**it's**"],
    ['{t:d}', '1'],
    ['{n:0{n}d}', '0000007'],
  ])('%s', (template, expected) => {
    expect(formatPython(template, fields)).toBe(expected);
  });

  test.each([
    ['{missing}', /there is no "missing"/],
    ['{}', /has no name/],
    ['{0}', /has no name/],
    ['{n', /"\{" without "\}"/],
    ['n}', /single "\}"/],
    ['{map[none]}', /there is no "none"/],
    ['{list[9]}', /has no \[9\]/],
    ['{list[-1]}', /has no \[-1\]/],
    ['{map.a}', /write \[a\]/],
    ['{n!x}', /not a conversion/],
    ['{list:>9}', /does not fit list/],
    ['{s:d}', /does not fit str/],
    ['{n:.2}', /precision/],
    ['{n:?}', /not a format/],
    ['{toString}', /there is no "toString"/],
    ['{map[constructor]}', /there is no "constructor"/],
  ])('refuses %s', (template, message) => {
    expect(() => formatPython(template, fields)).toThrow(PythonFormatError);
    expect(() => formatPython(template, fields)).toThrow(message);
  });
});
