import { describe, expect, it } from 'vitest';
import { type DecisionGraphRequest, readDecisionGraph } from '../../../src/graph/actions/decision-graph.ts';
import type { GraphConfig } from '../../../src/graph/graph-config.ts';
import type { Parameters } from '../../../src/graph/parameters/parameters.ts';

const task = { kind: 'k', attributes: {}, task: {}, optimization: null, dependencies: {} };

interface World {
  /** namespace to task id */
  readonly indexed: Readonly<Record<string, string>>;
  /** `task id/name` to content */
  readonly artifacts: Readonly<Record<string, unknown>>;
  readonly repositoryType?: string;
}

function read({ indexed, artifacts, repositoryType = 'git' }: World) {
  const request: DecisionGraphRequest = {
    queue: {
      async findTask(namespace) {
        const taskId = indexed[namespace];
        return taskId === undefined ? null : { taskId, rank: 0 };
      },
      async listTasks(above) {
        const below = Object.entries(indexed).filter(([name]) => name.startsWith(`${above}.`));
        return below.map(([namespace, taskId]) => ({ namespace, taskId, rank: 0, expires: '' }));
      },
    },
    readArtifact: async (taskId, name) => artifacts[`${taskId}/${name}`] ?? null,
    parameters: {
      project: 'p',
      head_rev: 'r',
      pushlog_id: '7',
      repository_type: repositoryType,
    } as Parameters,
    graphConfig: { 'trust-domain': 'd' } as GraphConfig,
    taskGroupId: 'GROUP',
  };
  return readDecisionGraph(request);
}

const of = (taskId: string, labels: object, full: object = { a: { ...task, label: 'a' } }) => ({
  [`${taskId}/public/full-task-graph.json`]: full,
  [`${taskId}/public/label-to-taskid.json`]: labels,
});

describe('the graph of a decision task', () => {
  it('is found by revision, for Mercurial by push, else by the task group', async () => {
    const artifacts = { ...of('GIT', {}), ...of('HG', {}), ...of('GROUP', {}) };
    const indexed = { 'd.v2.p.revision.r.taskgraph.decision': 'GIT', 'd.v2.p.pushlog-id.7.decision': 'HG' };
    expect((await read({ indexed, artifacts })).decisionTaskId).toBe('GIT');
    expect((await read({ indexed, artifacts, repositoryType: 'hg' })).decisionTaskId).toBe('HG');
    expect((await read({ indexed: {}, artifacts })).decisionTaskId).toBe('GROUP');
  });

  it('has the tasks that actions and cron tasks have made later in the place of the first ones', async () => {
    const indexed = {
      'd.v2.p.revision.r.actions.A1': 'A1',
      'd.v2.p.revision.r.taskgraph.actions.A2': 'A2',
      'd.v2.p.revision.r.cron.C': 'C',
      'd.v2.p.revision.other.actions.A3': 'A3',
    };
    const artifacts = {
      ...of('GROUP', { a: 'first', b: 'b' }),
      'A1/public/label-to-taskid.json': { a: 'later' },
      'C/public/label-to-taskid.json': { c: 'c' },
      'A3/public/label-to-taskid.json': { a: 'foreign' },
    };
    expect(await read({ indexed, artifacts })).toMatchObject({
      labelToTaskId: new Map([
        ['a', 'later'],
        ['b', 'b'],
        ['c', 'c'],
      ]),
    });
  });

  it('is read with all that the compiler keeps of a task', async () => {
    const written = {
      ...task,
      label: 'b',
      dependencies: { on: 'a' },
      soft_dependencies: ['s'],
      if_dependencies: ['a'],
      task_id: 'B',
    };
    const full = { a: { ...task, label: 'a' }, b: written };
    const graph = await read({ indexed: {}, artifacts: of('GROUP', {}, full) });
    expect(graph.full.get('b')).toMatchObject({
      dependencies: { on: 'a' },
      softDependencies: ['s'],
      ifDependencies: ['a'],
      taskId: 'B',
    });
  });

  it('is refused when it is not there or not whole', async () => {
    const missing = read({ indexed: {}, artifacts: {} });
    await expect(missing).rejects.toThrow('task GROUP has no artifact public/label-to-taskid.json');
    const torn = { a: { ...task, label: 'a', dependencies: { on: 'gone' } } };
    const half = read({ indexed: {}, artifacts: of('GROUP', {}, torn) });
    await expect(half).rejects.toThrow('"a" in the full graph of GROUP depends on "gone"');
  });
});
