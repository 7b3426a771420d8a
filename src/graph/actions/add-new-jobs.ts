import { fail } from '../../base/failure.ts';
import { didYouMean } from '../../base/suggest.ts';
import { defineAction, timesSchema } from './define-action.ts';

export const addNewJobs = defineAction({
  name: 'add-new-jobs',
  title: 'Add new jobs',
  symbol: 'add-new',
  description: 'Add new jobs using task labels.',
  order: 100,
  schema: {
    type: 'object',
    properties: {
      tasks: { type: 'array', description: 'An array of task labels', items: { type: 'string' } },
      times: timesSchema(),
    },
  },
  async callback({ input, services }) {
    const { tasks = [], times = 1 } = input as { tasks?: readonly string[]; times?: number };
    const full = await services.fullTaskGraph();
    for (const label of tasks) {
      if (!full.has(label)) fail('usage', `there is no task "${label}"`, didYouMean(label, full.keys()));
    }
    for (let i = 0; i < times; i++) await services.createTasks(tasks);
  },
});
