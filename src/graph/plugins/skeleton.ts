/** What the configuration names a plugin for. */
export type Use = 'transforms' | 'loader' | 'register' | 'decision-parameters' | 'strategies';

/** A few lines to start the TypeScript twin of a Python module with. */
export function skeletonFor(use: Use, name: string): string {
  const [type, lines] = skeletons[use];
  const body = lines(name.split('.')[0]!);
  return [`import type { ${type} } from 'caisson/plugin';`, '', ...body]
    .map((line) => `    ${line}`)
    .join('\n');
}

const skeletons: Readonly<Record<Use, readonly [type: string, lines: (name: string) => string[]]>> = {
  transforms: [
    'Transform',
    (name) => [
      `export const ${name}: Transform = function* (config, tasks) {`,
      '  for (const task of tasks) {',
      '    // what the Python function does with a task',
      '    yield task;',
      '  }',
      '};',
    ],
  ],
  loader: [
    'Loader',
    (name) => [
      `export const ${name}: Loader = function* (config, tasks) {`,
      '  // tasks: those in "tasks" and "tasks-from" of kind.yml',
      '  yield* tasks;',
      '};',
    ],
  ],
  register: [
    'Register',
    (name) => [
      `export const ${name}: Register = (registry) => {`,
      "  // registry.runUsing('name', { … }), registry.targetMethod('name', …)",
      '};',
    ],
  ],
  'decision-parameters': [
    'DecisionParameters',
    (name) => [
      `export const ${name}: DecisionParameters = (graphConfig, params) => {`,
      '  return { ...params };',
      '};',
    ],
  ],
  strategies: [
    'Strategies',
    (name) => [
      `export const ${name}: Record<string, Strategies> = {`,
      "  'skip-unless-changed': 'never',",
      '};',
    ],
  ],
};
