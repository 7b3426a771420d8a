import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareRecords, describeChange, formatName, parseName, recordKey } from '../../src/caches/name.ts';
import { narrow } from '../../src/caches/narrow.ts';
import { type CacheRecord, ingredients } from '../../src/caches/record.ts';

const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
const word = fc.stringMatching(/^[a-z][a-z0-9/.-]{0,20}$/);
const records: fc.Arbitrary<CacheRecord> = fc.record({
  protocol: fc.constant(1 as const),
  wrapper: digest,
  image: word,
  platform: fc.record({ implementation: word, os: word }),
  user: word,
  mountPoint: word,
  checkout: fc.record({ vcs: word, repositories: fc.array(word, { minLength: 1 }), shallow: fc.boolean() }),
  untrusted: fc.constant(true as const),
  key: fc.record({
    files: fc.dictionary(word, digest, { minKeys: 1 }),
    strings: fc.array(word, { minLength: 1 }),
  }),
});

describe('cache names', () => {
  it('do not depend on the order of what goes into them', () => {
    fc.assert(
      fc.property(records, (record) => {
        const shuffled = Object.fromEntries(Object.entries(record).reverse()) as unknown as CacheRecord;
        expect(recordKey(shuffled)).toBe(recordKey(record));
      }),
    );
  });

  it('change when any one ingredient changes', () => {
    fc.assert(
      fc.property(records, records, fc.constantFrom(...ingredients), (record, other, ingredient) => {
        const changed = { ...record, [ingredient]: other[ingredient] };
        const { [ingredient]: _, ...without } = record;
        const same = JSON.stringify(record[ingredient]) === JSON.stringify(other[ingredient]);
        fc.pre(!same || ingredient === 'untrusted');
        if (!same) expect(recordKey(changed)).not.toBe(recordKey(record));
        expect(recordKey(without as CacheRecord)).not.toBe(recordKey(record));
      }),
    );
  });

  it('are never made from an empty ingredient', () => {
    const record = { protocol: 1, platform: { implementation: 'docker-worker', os: 'linux' } } as const;
    for (const empty of [
      { user: '' },
      { key: {} },
      { image: undefined },
      { platform: { implementation: '', os: 'x' } },
    ]) {
      expect(() => recordKey({ ...record, ...empty } as CacheRecord)).toThrow('is empty');
    }
  });

  it('can be taken apart again', () => {
    const part = fc
      .stringMatching(/^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$/)
      .filter((text) => !/-level-|-v1-/.test(text));
    const names = fc.record(
      {
        trustDomain: part,
        level: fc.constantFrom('1', '2', '3'),
        name: part,
        key: fc.stringMatching(/^[0-9a-f]{20}$/),
        suffix: fc.oneof(fc.constant('<docker-image>'), part),
      },
      { requiredKeys: ['trustDomain', 'level', 'name', 'key'] },
    );
    fc.assert(
      fc.property(names, (name) => {
        expect(parseName(formatName(name))).toEqual(name);
      }),
    );
    expect(() => formatName({ trustDomain: 'a-level-1-b', level: '1', name: 'c', key: 'x' })).toThrow(
      'told apart',
    );
    expect(parseName('gecko-level-3-checkouts-sparse-v2')).toBeNull();
  });

  it('say what changed', () => {
    const before: CacheRecord = {
      protocol: 1,
      platform: { implementation: 'a', os: 'b' },
      wrapper: `3f2a${'0'.repeat(60)}`,
    };
    const after: CacheRecord = { ...before, wrapper: `9c11${'0'.repeat(60)}`, user: 'root:root' };
    expect(compareRecords(before, after).map(describeChange)).toEqual([
      'user (none) → root:root',
      'wrapper 3f2a… → 9c11…',
    ]);
    expect(compareRecords(before, before)).toEqual([]);
  });

  it('may vary on less, but never on less than wrapper, user and trust', () => {
    fc.assert(
      fc.property(records, fc.subarray([...ingredients]), (record, varyOn) => {
        const narrowed = narrow(record, varyOn);
        const allowed = (['wrapper', 'user', 'untrusted'] as const).every((name) => varyOn.includes(name));
        expect(narrowed.ok).toBe(allowed);
        if (narrowed.ok) expect(Object.keys(narrowed.value).sort()).toEqual([...varyOn, 'protocol'].sort());
      }),
    );
    const unknown = narrow({ protocol: 1, platform: { implementation: 'a', os: 'b' } }, ['imgae']);
    expect(unknown).toMatchObject({
      ok: false,
      error: expect.stringContaining('did you mean "image"') as string,
    });
  });
});
