import { fail } from '../../base/failure.ts';
import { defineAction, timesSchema } from './define-action.ts';
import { rerunTask } from './rerun.ts';
import { isRetriggerable } from './retrigger.ts';

interface Request {
  readonly tasks?: readonly string[];
  readonly times?: number;
}

export const retriggerMultiple = defineAction({
  name: 'retrigger-multiple',
  title: 'Retrigger',
  symbol: 'rt',
  description: 'Create a clone of the task.',
  order: 10000,
  schema: {
    type: 'object',
    properties: {
      requests: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            tasks: { type: 'array', description: 'An array of task labels', items: { type: 'string' } },
            times: timesSchema({}),
          },
          additionalProperties: false,
        },
      },
      // As taskgraph has it: a property of this name, which must not be there.
      additionalProperties: false,
    },
  },
  async callback({ input, services }) {
    const { requests = [] } = input as { requests?: readonly Request[] };
    const full = await services.fullTaskGraph();
    const known = await services.labelToTaskId();
    for (const { tasks = [], times = 1 } of requests) {
      for (const label of tasks.filter((one) => !isRetriggerable(full, one))) {
        const taskId = known.get(label);
        if (taskId === undefined) fail('usage', `there is no task "${label}" to run again`);
        await rerunTask(taskId, label, services);
      }
      const anew = tasks.filter((label) => isRetriggerable(full, label));
      for (let i = 0; i < times && anew.length > 0; i++) await services.createTasks(anew);
    }
  },
});
