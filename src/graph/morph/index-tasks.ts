import { fail } from '../../base/failure.ts';
import { compareCodePoints } from '../../base/hash.ts';
import { slugid } from '../../base/slugid.ts';
import type { GraphConfig } from '../graph-config.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { GraphTask } from '../task-graph.ts';
import { pythonMatch, PythonRegexError } from '../values/python-regex.ts';
import { pythonText } from '../values/python-text.ts';
import { indexWorker } from './index-worker.ts';

/** The queue takes no more routes than this on one task. */
const maxRoutes = 64;

export interface MorphContext {
  readonly graphConfig: GraphConfig;
  readonly parameters: Parameters;
}

/** Takes the index routes off tasks that have too many, and adds for each a task that inserts them when it is done. */
export function addIndexTasks(tasks: readonly GraphTask[], context: MorphContext): GraphTask[] {
  return tasks.flatMap((task) => {
    const routes = (task.task.routes ?? []) as readonly string[];
    if (routes.length <= maxRoutes) return [task];
    const paths = routes
      .filter((route) => route.startsWith('index.'))
      .map((route) => route.slice('index.'.length));
    const others = routes.filter((route) => !route.startsWith('index.'));
    return [{ ...task, task: { ...task.task, routes: others } }, indexTask(task, paths, context)];
  });
}

function indexTask(parent: GraphTask, paths: readonly string[], context: MorphContext): GraphTask {
  const label = `index-task-${parent.label}`;
  const parentId = parent.taskId!;
  const metadata = parent.task.metadata as { description: string; owner: string; source: string };
  const extra = parent.task.extra as { index?: { rank?: unknown } } | undefined;
  return {
    kind: 'misc',
    label,
    description: '',
    attributes: { kind: 'misc' },
    optimization: null,
    dependencies: { parent: parentId },
    softDependencies: [],
    ifDependencies: [],
    taskId: slugid(),
    task: {
      ...indexWorker(context.graphConfig, 'misc', context.parameters.level),
      dependencies: [parentId],
      created: { 'relative-datestamp': '0 seconds' },
      deadline: parent.task.deadline,
      expires: parent.task.deadline,
      metadata: {
        name: label,
        description: `index-task for ${metadata.description}`,
        owner: metadata.owner,
        source: metadata.source,
      },
      scopes: insertScopes(paths, context),
      payload: {
        image: {
          path: 'public/image.tar.zst',
          namespace: 'taskgraph.cache.level-3.docker-images.v2.index-task.latest',
          type: 'indexed-image',
        },
        features: { taskclusterProxy: true },
        maxRunTime: 600,
        command: ['insert-indexes.js', ...paths],
        env: { TARGET_TASKID: parentId, INDEX_RANK: pythonText(extra?.index?.rank ?? 0) },
      },
    },
  };
}

/** One scope for many paths where they have a common beginning: temporary credentials hold only so many scopes. */
function insertScopes(paths: readonly string[], { graphConfig }: MorphContext): string[] {
  const domain = graphConfig['trust-domain'].replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const declared = (graphConfig.taskgraph['index-path-regexes'] ?? []) as readonly string[];
  const patterns = [`(${domain}\\.v2\\.[^.]*\\.).*`, ...declared];
  const scopes = paths.map((path) => {
    for (const pattern of patterns) {
      const begin = beginOf(pattern, path);
      if (begin !== undefined) return `index:insert-task:${begin}*`;
    }
    return `index:insert-task:${path}`;
  });
  return [...new Set(scopes)].sort(compareCodePoints);
}

function beginOf(pattern: string, path: string): string | undefined {
  try {
    return pythonMatch(pattern, path)?.[1];
  } catch (error) {
    if (!(error instanceof PythonRegexError)) throw error;
    return fail('configuration', `"taskgraph.index-path-regexes" in config.yml: ${error.message}`);
  }
}
