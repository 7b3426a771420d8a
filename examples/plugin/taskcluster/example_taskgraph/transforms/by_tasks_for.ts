import { anything, keys, mapOf, resolveKeyedBy, type Task, type Transform, validate } from 'caisson/plugin';

export const apiVersion = 1;

const schema = keys({
  required: { worker: keys({ optional: { env: mapOf(anything) }, unknown: 'allowed' }) },
  unknown: 'allowed',
});

/** Answers `by-tasks-for` in the scopes and the environment of a task. */
const answer: Transform = function* (config, tasks) {
  const answers = { 'tasks-for': config.params.tasks_for };
  for (const task of tasks) {
    resolveKeyedBy(task, 'scopes', answers);
    const { env = {} } = task['worker'] as { env?: Task };
    for (const name of Object.keys(env)) resolveKeyedBy(task, `worker.env.${name}`, answers);
    yield task;
  }
};

export const transforms: Transform = [validate(schema), answer];
