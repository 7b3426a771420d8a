import { defineAction } from './define-action.ts';

export const rebuildCachedTasks = defineAction({
  name: 'rebuild-cached-tasks',
  title: 'Rebuild Cached Tasks',
  symbol: 'rebuild-cached',
  description: 'Rebuild cached tasks.',
  permission: 'rebuild-cached-tasks',
  order: 1000,
  async callback({ services }) {
    const full = await services.fullTaskGraph();
    const cached = [...full.values()].filter(({ attributes }) => Boolean(attributes.cached_task));
    if (cached.length > 0) await services.createTasks(cached.map(({ label }) => label));
  },
});
