import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GraphMistake } from '../../../src/graph/check-graph.ts';
import { optimize } from '../../../src/graph/optimize/optimize.ts';
import { strategies } from '../../../src/graph/optimize/strategies.ts';
import { assignTaskIds } from '../../../src/graph/optimize/task-ids.ts';
import { morph } from '../../../src/graph/morph/morph.ts';
import type { GraphConfig } from '../../../src/graph/graph-config.ts';
import type { IndexReader } from '../../../src/graph/compile.ts';
import type { GraphTask } from '../../../src/graph/task-graph.ts';
import type { Parameters } from '../../../src/graph/parameters/parameters.ts';
import { isSlugid } from '../../../src/base/slugid.ts';
import { parameters } from './work-tree.ts';

interface Given {
  readonly needs?: readonly string[];
  readonly if?: readonly string[];
  readonly soft?: readonly string[];
  readonly by?: Record<string, unknown>;
  readonly deadline?: string;
  readonly more?: Record<string, unknown>;
}

function tasksOf(given: Readonly<Record<string, Given>>): Map<string, GraphTask> {
  return new Map(
    Object.entries(given).map(
      ([label, { needs = [], if: conditions = [], soft = [], by, deadline = '1 day', more }]) => [
        label,
        {
          kind: 'k',
          label,
          description: '',
          attributes: { kind: 'k' },
          task: { deadline: { 'relative-datestamp': deadline }, metadata: {}, ...more },
          optimization: by ?? null,
          dependencies: Object.fromEntries(needs.map((name) => [name, name])),
          softDependencies: soft,
          ifDependencies: conditions,
        },
      ],
    ),
  );
}

const now = Date.UTC(2026, 0, 1);

async function optimizeThese(
  given: Readonly<Record<string, Given>>,
  options: {
    requested?: readonly string[];
    keep?: readonly string[];
    index?: IndexReader;
    parameters?: Partial<Parameters>;
  } = {},
) {
  const tasks = tasksOf(given);
  const mistakes: GraphMistake[] = [];
  const { removed, replaced } = await optimize({
    tasks,
    requested: new Set(options.requested ?? tasks.keys()),
    doNotOptimize: new Set(options.keep),
    doNotRemove: new Set(),
    strategies,
    parameters: { ...parameters, ...options.parameters },
    index: options.index ?? null,
    now,
    report: (mistake) => mistakes.push(mistake),
  });
  return { tasks, removed: [...removed].sort(), replaced: Object.fromEntries(replaced), mistakes };
}

function indexOf(
  entries: Readonly<Record<string, { state?: string; expires?: string } | null>>,
): IndexReader {
  return {
    findTasks: (namespaces) =>
      Promise.resolve(
        new Map(namespaces.filter((name) => name in entries).map((name) => [name, `id-${name}`])),
      ),
    statuses: (taskIds) =>
      Promise.resolve(
        new Map(
          taskIds.flatMap((taskId) => {
            const entry = entries[taskId.slice('id-'.length)];
            return entry
              ? [[taskId, { state: 'completed', expires: '2099-01-01T00:00:00.000Z', ...entry }] as const]
              : [];
          }),
        ),
      ),
  };
}

const always = { always: null };
const changed = (...patterns: string[]) => ({ 'skip-unless-changed': patterns });
const search = (...names: string[]) => ({ 'index-search': names });

describe('removing tasks', () => {
  it('removes what its strategy says, unless a dependent stays', async () => {
    const { removed } = await optimizeThese({ a: { by: always }, b: { by: always }, c: { needs: ['b'] } });
    expect(removed).toEqual(['a']);
  });

  it('removes what only removed tasks need', async () => {
    const given = { a: {}, b: { needs: ['a'], by: always }, c: { needs: ['a'] }, d: {} };
    expect((await optimizeThese(given, { requested: ['b', 'c', 'd'] })).removed).toEqual(['b']);
    expect((await optimizeThese({ a: {}, b: given.b }, { requested: ['b'] })).removed).toEqual(['a', 'b']);
    expect((await optimizeThese({ a: {}, b: given.b }, { requested: ['b'], keep: ['b'] })).removed).toEqual(
      [],
    );
  });

  it('looks at changed files, unless there is nothing to compare with', async () => {
    const given = { a: { by: changed('src/**/*.ts') }, b: { by: changed('docs') } };
    const files = { files_changed: ['src/x/y.ts'] };
    expect((await optimizeThese(given, { parameters: files })).removed).toEqual(['b']);
    expect((await optimizeThese(given, { parameters: { base_rev: parameters.head_rev } })).removed).toEqual(
      [],
    );
    expect((await optimizeThese(given, { parameters: { base_rev: '' } })).removed).toEqual(['a', 'b']);
  });

  it('runs a task with if-dependencies only when one of them runs', async () => {
    const given = (a: Given, b: Given) => ({
      a,
      b,
      c: { needs: ['a', 'b'], if: ['a', 'b'] },
      d: { needs: ['c'], if: ['c'] },
    });
    expect((await optimizeThese(given({ by: always }, { by: always }))).removed).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
    expect((await optimizeThese(given({ by: always }, {}))).removed).toEqual([]);
  });

  it('gives the same answer in whatever order the tasks are, and leaves no dependency behind', async () => {
    const labels = ['a', 'b', 'c', 'd', 'e', 'f'];
    const task = (index: number) =>
      fc.subarray(labels.slice(0, index)).chain((needs) =>
        fc.record({
          needs: fc.constant(needs),
          if: fc.subarray(needs),
          by: fc.constantFrom(always, { never: null }),
        }),
      );
    const graph = fc.tuple(...labels.map((_, index) => task(index)));
    await fc.assert(
      fc.asyncProperty(graph, fc.shuffledSubarray(labels, { minLength: 6 }), async (tasks, order) => {
        const inOrder = Object.fromEntries(labels.map((label, index) => [label, tasks[index]!]));
        const shuffled = Object.fromEntries(order.map((label) => [label, inOrder[label]!]));
        const { removed } = await optimizeThese(inOrder);
        expect((await optimizeThese(shuffled)).removed).toEqual(removed);
        for (const label of labels) {
          if (!removed.includes(label))
            expect(inOrder[label]!.needs.filter((need) => removed.includes(need))).toEqual([]);
        }
      }),
    );
  });
});

describe('replacing tasks', () => {
  it('takes the first indexed task that is fit, when all dependencies are replaced', async () => {
    const index = indexOf({
      failed: { state: 'failed' },
      gone: null,
      good: {},
      soon: { expires: '2026-01-01T12:00:00.000Z' },
    });
    const given = {
      a: { by: search('none', 'failed', 'gone', 'good') },
      b: { by: search('good'), needs: ['a'] },
      c: {},
      d: { by: search('good'), needs: ['c'] },
      e: { by: search('soon') },
      f: { by: search('soon') },
      g: { needs: ['f'] },
    };
    expect((await optimizeThese(given, { index })).replaced).toEqual({
      a: 'id-good',
      b: 'id-good',
      e: 'id-soon',
    });
    expect((await optimizeThese(given, { index, keep: ['a'] })).replaced).toEqual({ e: 'id-soon' });
    expect((await optimizeThese(given)).replaced).toEqual({});
  });

  it('takes tasks that are known to exist', async () => {
    const options = { parameters: { existing_tasks: { a: 'X' } } };
    expect((await optimizeThese({ a: {}, b: { needs: ['a'] } }, options)).replaced).toEqual({ a: 'X' });
  });

  it('reports strategies and deadlines that are none', async () => {
    const { mistakes } = await optimizeThese({
      a: { by: { sometimes: 1 } },
      b: { needs: ['a'], deadline: '2 fortnights' },
    });
    expect(mistakes).toMatchObject([
      { label: 'a', message: 'there is no optimization strategy "sometimes"' },
      { label: 'b', message: expect.stringContaining('fortnights') as string },
    ]);
  });
});

describe('task ids', () => {
  it('stand where labels stood: in dependencies, soft ones that run, and references', () => {
    const tasks = tasksOf({
      a: {},
      b: {},
      c: {
        needs: ['a', 'b'],
        soft: ['a', 'd', 'e'],
        more: { payload: { 'task-reference': '<a> <b> <self> <decision>' } },
      },
      d: {},
    });
    const mistakes: GraphMistake[] = [];
    const graph = assignTaskIds({
      tasks,
      removed: new Set(['d']),
      replaced: new Map([['b', 'B']]),
      decisionTaskId: 'DECISION',
      rootUrl: null,
      report: (mistake) => mistakes.push(mistake),
    });
    const a = graph.labelToTaskId.get('a')!;
    const c = graph.labelToTaskId.get('c')!;
    expect([isSlugid(a), isSlugid(c), [...graph.tasks.keys()]]).toEqual([true, true, [a, c]]);
    expect(graph.tasks.get(c)).toMatchObject({
      taskId: c,
      dependencies: { a, b: 'B' },
      task: { payload: `${a} B ${c} DECISION`, dependencies: [a, 'B'].sort() },
    });
    expect(mistakes).toEqual([]);
    expect(tasks.get('c')!.dependencies).toEqual({ a: 'a', b: 'b' });
  });

  it('reports what depends on a removed task, or leads nowhere', () => {
    const mistakes: GraphMistake[] = [];
    assignTaskIds({
      tasks: tasksOf({
        a: {},
        b: { needs: ['a'] },
        c: { more: { payload: { 'task-reference': '<x>' } } },
      }),
      removed: new Set(['a']),
      replaced: new Map(),
      decisionTaskId: 'DECISION',
      rootUrl: null,
      report: (mistake) => mistakes.push(mistake),
    });
    expect(mistakes.map(({ label }) => label)).toEqual(['b', 'c']);
  });
});

describe('morphing', () => {
  it('moves too many index routes to a task of their own', () => {
    const routes = Array.from({ length: 65 }, (_, i) => `index.acme.v2.app.revision.${i}`);
    const [task] = tasksOf({
      a: { more: { routes: [...routes, 'checks'], extra: { index: { rank: 7 } } } },
    }).values();
    const graphConfig = {
      'trust-domain': 'acme',
      taskgraph: { repositories: {} },
      workers: {
        aliases: {
          misc: {
            provisioner: 'p-{level}',
            implementation: 'docker-worker',
            os: 'linux',
            'worker-type': 'misc',
          },
        },
      },
    } as unknown as GraphConfig;
    const given = {
      tasks: new Map([['A', { ...task!, taskId: 'A' }]]),
      labelToTaskId: new Map([['a', 'A']]),
    };
    const { tasks, labelToTaskId } = morph(given, {
      graphConfig,
      parameters,
      morphs: [],
      report: () => undefined,
    });
    expect(tasks.get('A')!.task.routes).toEqual(['checks']);
    expect(tasks.get(labelToTaskId.get('index-task-a')!)).toMatchObject({
      label: 'index-task-a',
      dependencies: { parent: 'A' },
      task: {
        provisionerId: 'p-1',
        workerType: 'misc',
        scopes: ['index:insert-task:acme.v2.app.*'],
        payload: { env: { TARGET_TASKID: 'A', INDEX_RANK: '7' } },
      },
    });
  });
});
