import { isWantedByDefault, type Register } from 'caisson/plugin';

export const apiVersion = 1;

/** What can be named beside transforms: config.yml says `taskgraph.register`. */
export const register: Register = (registry) => {
  // parameters: target_tasks_method: without-publishing
  registry.targetMethod('without-publishing', (tasks, { params }) =>
    [...tasks.values()]
      .filter((task) => isWantedByDefault(task, params) && task.attributes['publishes'] !== true)
      .map(({ label }) => label),
  );

  registry.verification('full', (tasks, { report }) => {
    for (const task of tasks.values()) {
      if (task.attributes['publishes'] !== true || 'test' in task.dependencies) continue;
      report({ message: 'what publishes must depend on a test', task: task.label, path: ['dependencies'] });
    }
  });
};
