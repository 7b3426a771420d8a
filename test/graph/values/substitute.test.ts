import { expect, test } from 'vitest';
import { deepCopy } from '../../../src/graph/values/copy.ts';
import { PythonFloat } from '../../../src/graph/values/python-float.ts';
import { PythonFormatError } from '../../../src/graph/values/python-format.ts';
import { deepGet, substitute, substituteFields } from '../../../src/graph/values/substitute.ts';

test('fills texts and keys at any depth', () => {
  const value = { 'k-{n}': ['{n}', { x: '{n}' }, 5, null] };
  expect(substitute(value, { n: 1 })).toEqual({ 'k-1': ['1', { x: '1' }, 5, null] });
  expect(value).toEqual({ 'k-{n}': ['{n}', { x: '{n}' }, 5, null] });
});

test('fills fields by dotted path, and refuses those that are not there', () => {
  const draft = { a: { b: '{n}' }, c: '{n}' };
  substituteFields(draft, ['a.b'], { n: 1 });
  expect(draft).toEqual({ a: { b: '1' }, c: '{n}' });
  expect(() => substituteFields(draft, ['a.x'], { n: 1 })).toThrow(PythonFormatError);
  expect(() => substituteFields(draft, ['c.x'], { n: 1 })).toThrow('no field "c.x"');
});

test('deepGet', () => {
  expect(deepGet({ a: { b: null } }, 'a.b')).toBeNull();
  expect(deepGet({ a: 'text' }, 'a.length')).toBeUndefined();
  expect(deepGet({}, 'constructor.name')).toBeUndefined();
});

test('deepCopy shares nothing that can change', () => {
  const value = { a: [{ b: 1 }], f: new PythonFloat(1) };
  const copy = deepCopy(value);
  copy.a[0]!.b = 2;
  expect(value.a[0]!.b).toBe(1);
  expect(copy.f).toBe(value.f);
});
