import { expect, test } from 'vitest';
import { PythonFloat } from '../../../src/graph/values/python-float.ts';
import { pythonJson } from '../../../src/graph/values/python-json.ts';

const value = { b: [1, 1.5, new PythonFloat(2), null, true], a: 'é"\n', gone: undefined };

test('separates as Python does', () => {
  expect(pythonJson(value)).toBe('{"b": [1, 1.5, 2.0, null, true], "a": "é\\"\\n"}');
  expect(pythonJson(value, { compact: true, sortKeys: true })).toBe(
    '{"a":"é\\"\\n","b":[1,1.5,2.0,null,true]}',
  );
});

test('refuses what JSON cannot write', () => {
  expect(() => pythonJson(Number.NaN)).toThrow(TypeError);
  expect(() => pythonJson(new Map())).toThrow(TypeError);
});
