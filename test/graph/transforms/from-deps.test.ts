import { describe, expect, test } from 'vitest';
import { fromDeps } from '../../../src/graph/transforms/from-deps.ts';
import { byLabel, graphTask, transformed } from './transform-context.ts';

const kindDependenciesTasks = byLabel(
  graphTask('build', 'linux', { os: 'linux', level: 1 }),
  graphTask('build', 'mac', { os: 'mac', level: 1 }),
  graphTask('sign', 'linux', { os: 'linux' }),
  graphTask('test', 'one', { os: 'linux', suite: 'a' }),
  graphTask('test', 'two', { os: 'linux', suite: 'b' }),
);
const config = { 'kind-dependencies': ['build', 'sign', 'test'] };
const from = (options: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  transformed(fromDeps, [{ name: 'me', ...more, 'from-deps': options }], { config, kindDependenciesTasks });

describe('fromDeps', () => {
  test('one draft for each task, named after it', () => {
    const { drafts, mistakes } = from({ kinds: ['build'] });
    expect(mistakes).toEqual([]);
    expect(drafts).toEqual([
      {
        name: 'linux',
        dependencies: { build: 'build-linux' },
        attributes: { 'primary-kind-dependency': 'build', 'primary-dependency-label': 'build-linux' },
      },
      {
        name: 'mac',
        dependencies: { build: 'build-mac' },
        attributes: { 'primary-kind-dependency': 'build', 'primary-dependency-label': 'build-mac' },
      },
    ]);
  });

  test('one draft for each value of an attribute, the first kind is primary', () => {
    const { drafts } = from(
      {
        kinds: ['sign', 'build'],
        'group-by': { attribute: 'os' },
        'copy-attributes': true,
        fetches: { build: [{ artifact: '{os}.bin', dest: 'raw/{level}' }], sign: [{ artifact: 'sig' }] },
      },
      { attributes: { os: 'own', mine: 1 }, fetches: { other: ['x'] } },
    );
    expect(drafts).toEqual([
      {
        name: 'linux',
        dependencies: { build: 'build-linux', sign: 'sign-linux' },
        attributes: {
          os: 'own',
          mine: 1,
          'primary-kind-dependency': 'sign',
          'primary-dependency-label': 'sign-linux',
        },
        fetches: {
          other: ['x'],
          build: [{ artifact: 'linux.bin', dest: 'raw/1' }],
          sign: [{ artifact: 'sig' }],
        },
      },
      {
        name: 'mac',
        dependencies: { build: 'build-mac' },
        attributes: {
          os: 'own',
          level: 1,
          mine: 1,
          'primary-kind-dependency': 'build',
          'primary-dependency-label': 'build-mac',
        },
        fetches: { other: ['x'], build: [{ artifact: 'mac.bin', dest: 'raw/1' }] },
      },
    ]);
  });

  test('several tasks of one kind in a group, named by label', () => {
    const { drafts } = from({
      'group-by': 'all',
      'unique-kinds': false,
      'set-name': null,
      'with-attributes': { suite: ['a', 'b'] },
    });
    expect(drafts).toEqual([
      {
        name: 'me',
        dependencies: { 'test-one': 'test-one', 'test-two': 'test-two' },
        attributes: { 'primary-kind-dependency': 'test', 'primary-dependency-label': 'test-one' },
      },
    ]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['an unknown kind', { kinds: ['biuld'] }, 'from-deps.kinds: kind "biuld" is not'],
    [
      'several tasks of a kind',
      { 'group-by': 'all' },
      'from-deps.group-by: a group has several tasks of one kind',
    ],
    ['a condition that is no text', { 'with-attributes': { level: 1 } }, 'level" must be a text'],
    ['an unknown grouping', { 'group-by': 'atribute' }, 'no way to group by "atribute"'],
    ['a grouping without its argument', { 'group-by': 'attribute' }, 'needs a text'],
    ['an argument for one that takes none', { 'group-by': { all: 1 } }, 'takes no argument'],
    ['an unknown name', { 'set-name': 'x' }, 'from-deps.set-name: '],
    ['a group of nothing', { 'group-by': 'all', 'with-attributes': { os: 'none' } }, 'no task of the kinds'],
    [
      'a field of fetches',
      { kinds: ['sign'], fetches: { sign: [{ artifact: '{x}' }] } },
      'from-deps.fetches.sign: there is no "x"',
    ],
  ])('refuses %s', (_, options, message) => {
    const { drafts, mistakes } = from(options);
    expect(drafts).toEqual([]);
    expect(mistakes).toEqual([expect.stringContaining(message)]);
  });

  test('refuses a draft without from-deps, and a kind without dependencies', () => {
    expect(transformed(fromDeps, [{ name: 'x' }]).mistakes).toHaveLength(1);
    expect(transformed(fromDeps, [{ name: 'x', 'from-deps': {} }]).mistakes).toHaveLength(1);
  });
});
