import { compareCodePoints } from '../../base/hash.ts';
import { slugid } from '../../base/slugid.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { GraphTask } from '../task-graph.ts';

/** Adds the task that tells a code review when all tasks with the attribute `code-review` are done, however they end. */
export function addCodeReviewTask(tasks: readonly GraphTask[], parameters: Parameters): readonly GraphTask[] {
  const review = parameters['code-review'] as
    | { readonly 'phabricator-build-target': string }
    | null
    | undefined;
  const reviewed = tasks.filter(({ attributes }) => Boolean(attributes['code-review']));
  if (!review || reviewed.length === 0) return tasks;
  const dependencies = Object.fromEntries(reviewed.map(({ label, taskId }) => [label, taskId!]));
  const task: GraphTask = {
    kind: 'misc',
    label: 'code-review',
    description: '',
    attributes: { kind: 'misc' },
    optimization: null,
    dependencies,
    softDependencies: [],
    ifDependencies: [],
    taskId: slugid(),
    task: {
      provisionerId: 'built-in',
      workerType: 'succeed',
      dependencies: Object.values(dependencies).sort(compareCodePoints),
      requires: 'all-resolved',
      created: { 'relative-datestamp': '0 seconds' },
      deadline: { 'relative-datestamp': '1 day' },
      expires: { 'relative-datestamp': '1 day' },
      metadata: {
        name: 'code-review',
        description: 'List all issues found in static analysis and linting tasks',
        owner: parameters.owner,
        source: parameters.head_repository,
      },
      scopes: [],
      payload: {},
      routes: ['project.relman.codereview.v1.try_ending'],
      extra: {
        'code-review': {
          'phabricator-build-target': review['phabricator-build-target'],
          repository: parameters.head_repository,
          revision: parameters.head_rev,
        },
      },
    },
  };
  return [...tasks, task];
}
