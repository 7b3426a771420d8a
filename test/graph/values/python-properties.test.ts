import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeTemplates } from '../../../src/graph/values/merge.ts';
import { formatPython } from '../../../src/graph/values/python-format.ts';
import { pythonJson } from '../../../src/graph/values/python-json.ts';
import { pythonMatch } from '../../../src/graph/values/python-regex.ts';

test('a text with its braces doubled is itself again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(formatPython(text.replace(/[{}]/g, '$&$&'), {})).toBe(text);
    }),
  );
});

test('a text with everything escaped matches itself alone', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (text, other) => {
      const pattern = `${text.replace(/[^a-zA-Z0-9]/gu, '\\$&')}\\Z`;
      expect(pythonMatch(pattern, text)?.[0]).toBe(text);
      expect(pythonMatch(pattern, other) !== null).toBe(text === other);
    }),
  );
});

test('what is written as JSON reads back the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(pythonJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('merging with nothing changes nothing, and the grouping does not change the order of keys', () => {
  const mapping = fc.dictionary(
    fc.string(),
    fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.array(fc.nat()))),
  );
  fc.assert(
    fc.property(mapping, mapping, mapping, (a, b, c) => {
      expect(mergeTemplates(a, {})).toEqual(mergeTemplates(a));
      expect(mergeTemplates({}, a)).toEqual(mergeTemplates(a));
      if (hasKeyedBy(a) || hasKeyedBy(b) || hasKeyedBy(c)) return;
      expect(Object.keys(mergeTemplates(mergeTemplates(a, b), c))).toEqual(
        Object.keys(mergeTemplates(a, mergeTemplates(b, c))),
      );
    }),
  );
});

function hasKeyedBy(mapping: Record<string, object>): boolean {
  return Object.values(mapping).some((inner) => Object.keys(inner).some((key) => key.startsWith('by-')));
}
