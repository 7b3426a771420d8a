import { describe, expect, it } from 'vitest';
import { type GraphMistake, verifyOptimized } from '../../../src/graph/verify/verify.ts';
import { goodTask, verified } from './verified.ts';

const shown = (symbol: string, more: object = {}) => ({
  extra: {
    treeherder: {
      collection: { opt: true },
      machine: { platform: 'linux' },
      groupSymbol: 'G',
      symbol,
      ...more,
    },
  },
});

describe('verifying a graph', () => {
  it('lets a good one through', () => {
    const dependent = goodTask('b', shown('B', { tier: 2 }), { dependencies: { a: 'a' } });
    expect(verified(goodTask('a', shown('A', { tier: 1 })), dependent)).toEqual([]);
  });

  it('a place on treeherder is for one task, in one collection', () => {
    expect(verified(goodTask('a', shown('A')), goodTask('b', shown('A')))).toEqual([
      'b: the treeherder place linux/opt G(A) is that of a too',
    ]);
    expect(verified(goodTask('a', shown('A', { collection: { opt: true, debug: true } })))).toEqual([
      'a: the task is in 2 treeherder collections',
    ]);
  });

  it('a task does not depend on one of a less watched tier', () => {
    const dependent = goodTask('b', shown('B', { tier: 1 }), { dependencies: { a: 'a' } });
    expect(verified(goodTask('a', shown('A', { tier: 2 })), dependent)).toEqual([
      'b: a task of tier 1 depends on a of tier 2',
    ]);
    expect(verified(goodTask('a'), dependent)).toEqual(['b: a task of tier 1 depends on a of tier unknown']);
    expect(verified(goodTask('a', { workerType: 'always-optimized' }), dependent)).toEqual([]);
  });

  it('routes: distinct in the index, in its alphabet, with filters that there are', () => {
    const routes = (...all: readonly string[]) => ({ routes: all });
    const route = 'index.domain.v2.repo.latest';
    expect(verified(goodTask('a', routes(route)), goodTask('b', routes(route)))).toEqual([
      `b: the route ${route} is that of a too`,
    ]);
    expect(verified(goodTask('a', routes('index.a b')))).toEqual([
      'a: the route index.a b is no namespace of the index',
    ]);
    expect(verified(goodTask('a', routes('notify.email.a@b.on-fail')))).toEqual([
      'a: the route notify.email.a@b.on-fail ends in an unknown filter',
    ]);
    expect(verified(goodTask('a', routes('notify.email.a@b.on-any')))).toEqual([
      'warning, a: the filter on-any of notify.email.a@b.on-any is deprecated',
    ]);
  });

  it('an alias of a toolchain is for one task', () => {
    const aliased = (label: string, alias: unknown) =>
      goodTask(label, {}, { attributes: { 'toolchain-alias': alias } });
    expect(verified(aliased('a', 'x'), aliased('b', ['y', 'x']), aliased('c', null))).toEqual([
      'b: toolchain-alias "x" is that of a too',
    ]);
  });

  it("Taskcluster's limits hold", () => {
    expect(verified(goodTask('a', { workerType: 'w'.repeat(39) }))[0]).toContain('is no identifier');
    const many = Array.from({ length: 10_000 }, (_, i) => `t${i}`);
    expect(verified(goodTask('a', {}, { softDependencies: many }))).toEqual([
      'a: the task has 10000 dependencies, more than 9999',
    ]);
  });

  it('tasks that never run are gone after optimization', () => {
    const mistakes: GraphMistake[] = [];
    const tasks = new Map([['id', goodTask('a', { workerType: 'always-optimized' })]]);
    verifyOptimized(tasks, { report: (mistake) => mistakes.push(mistake) });
    expect(mistakes).toMatchObject([{ severity: 'error', label: 'a' }]);
  });
});
