import { describe, expect, it } from 'vitest';
import type { FailureError } from '../../../src/base/failure.ts';
import { concurrency, submitTasks } from '../../../src/graph/submit.ts';
import type { GraphTask } from '../../../src/graph/task-graph.ts';
import { QueueError } from '../../../src/queue/queue.ts';
import type { TaskDefinition } from '../../../src/task/definition.ts';

function task(taskId: string, dependencies: readonly string[], attributes = {}): [string, GraphTask] {
  const definition = { provisionerId: 'p', workerType: 'w', dependencies, metadata: { name: taskId } };
  return [
    taskId,
    {
      kind: 'k',
      label: `label-${taskId}`,
      description: '',
      attributes,
      task: definition,
      optimization: null,
      dependencies: {},
      softDependencies: [],
      ifDependencies: [],
      taskId,
    },
  ];
}

/** Records what it is asked to create; answers a little later, and refuses what it is told to. */
function recorder(refuses: readonly string[] = []) {
  const created = new Map<string, TaskDefinition>();
  let running = 0;
  let most = 0;
  return {
    created,
    most: () => most,
    async createTask(taskId: string, definition: TaskDefinition): Promise<never> {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
      for (const id of definition.dependencies) {
        if (id !== 'DECISION' && !created.has(id)) throw new Error(`${taskId} came before ${id}`);
      }
      if (refuses.includes(taskId)) throw new QueueError('bad-request', 'no');
      created.set(taskId, definition);
      return undefined as never;
    },
  };
}

const submit = (queue: ReturnType<typeof recorder>, tasks: readonly [string, GraphTask][]): Promise<void> =>
  submitTasks({ graph: new Map(tasks), decisionTaskId: 'DECISION', schedulerId: 's', queue });

describe('submission', () => {
  it('creates each task after what it depends on, the first ones behind the decision task', async () => {
    const queue = recorder();
    await submit(queue, [task('c', ['b', 'a']), task('b', ['a']), task('a', [])]);
    expect([...queue.created.keys()]).toEqual(['a', 'b', 'c']);
    expect(queue.created.get('a')!.dependencies).toEqual(['DECISION']);
    expect(queue.created.get('b')).toMatchObject({
      dependencies: ['a'],
      taskGroupId: 'DECISION',
      schedulerId: 's',
    });
  });

  it('keeps many requests under way, also below one task that all others need, but not too many', async () => {
    const queue = recorder();
    const leaves = Array.from({ length: 4 * concurrency }, (_, i) => task(`leaf${i}`, ['root']));
    await submit(queue, [task('root', []), ...leaves]);
    expect(queue.created.size).toBe(1 + leaves.length);
    expect(queue.most()).toBe(concurrency);
  });

  it('creates copies of tasks that are wanted several times', async () => {
    const queue = recorder();
    await submit(queue, [task('a', [], { task_duplicates: 3 })]);
    expect(queue.created.size).toBe(3);
    expect(new Set([...queue.created.values()].map(({ metadata }) => metadata.name))).toEqual(new Set(['a']));
  });

  it('does nothing for an empty graph', async () => {
    await expect(submit(recorder(), [])).resolves.toBeUndefined();
  });

  it('tells every refusal, and leaves out what depends on a refused task and nothing else', async () => {
    const queue = recorder(['bad', 'worse']);
    const tasks = [task('bad', []), task('after', ['bad']), task('last', ['after']), task('good', [])];
    const error: unknown = await submit(queue, [...tasks, task('worse', ['good'])]).catch((e: unknown) => e);
    expect([...queue.created.keys()]).toEqual(['good']);
    expect((error as FailureError).failure).toEqual({
      kind: 'unavailable',
      message: [
        'could not create "label-bad" (bad): no',
        'could not create "label-worse" (worse): no',
        'not tried, because they depend on these: 2 tasks',
      ].join('\n'),
    });
  });
});
