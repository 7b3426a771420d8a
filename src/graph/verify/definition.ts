import type { DataPath } from '../load/source-map.ts';
import type { GraphTask } from '../task-graph.ts';
import { isMapping, type Mapping, onlyKey } from '../values/plain.ts';
import { durationOf } from '../values/time.ts';
import type { Verification, VerifyContext } from './verify.ts';

const day = 24 * 60 * 60 * 1000;
/** What a Taskcluster deployment allows unless it is told otherwise. */
const usualDeadline = 5 * day;
const longestRoute = 249;
const longestTexts = { name: 255, owner: 255, source: 4096, description: 32_768 };
const longestTag = 4096;
const identifier = /^[a-zA-Z0-9_-]{1,38}$/;
/** The queue says so of worker types since it has worker pools. */
const workerTypeName = /^[a-z](?:[-a-z0-9]{0,36}[a-z0-9])?$/;

type Say = (message: string, path: DataPath, hint?: string, severity?: 'error' | 'warning') => void;

/** What the queue would refuse of a task, whatever its worker is. References are not resolved yet. */
export const verifyDefinitions: Verification = (tasks, context) => {
  const lifetimes = new Lifetimes(context);
  for (const graphTask of tasks.values()) {
    const { label, task } = graphTask;
    const say: Say = (message, path, hint, severity = 'error') =>
      context.report({ severity, message, label, path, ...(hint === undefined ? {} : { hint }) });
    verifyWorker(task, say);
    verifyRouteTexts(task, say);
    verifyScopes(task, say);
    verifyTexts(task, say);
    lifetimes.verify(graphTask, say);
  }
};

function verifyWorker(task: Mapping, say: Say): void {
  for (const key of ['provisionerId', 'workerType']) {
    const value = task[key];
    if (typeof value !== 'string' || !identifier.test(value)) {
      const hint = 'at most 38 letters, digits, _ and -';
      say(`${key} ${JSON.stringify(value)} is no identifier`, ['worker-type'], hint);
    } else if (key === 'workerType' && !workerTypeName.test(value)) {
      const hint = 'lower-case letters, digits and -, beginning with a letter';
      say(`queues of today refuse the workerType "${value}"`, ['worker-type'], hint, 'warning');
    }
  }
}

function verifyRouteTexts(task: Mapping, say: Say): void {
  const routes = (task['routes'] ?? []) as readonly unknown[];
  for (const [index, route] of routes.entries()) {
    const path = ['routes', index];
    if (typeof route !== 'string' || route === '') say('a route must be a text that is not empty', path);
    else if (route.length > longestRoute)
      say(`the route ${route.slice(0, 40)}… has ${route.length} letters, more than ${longestRoute}`, path);
    else if (routes.indexOf(route) < index) say(`the route ${route} is there twice`, path);
  }
}

function verifyScopes(task: Mapping, say: Say): void {
  for (const [index, scope] of ((task['scopes'] ?? []) as readonly unknown[]).entries()) {
    if (typeof scope !== 'string') continue;
    if (!/^[ -~]*$/.test(scope))
      say(`the scope ${JSON.stringify(scope)} is not plain ASCII`, ['scopes', index]);
    else if (scope.endsWith('**')) say(`the scope ${scope} ends in more than one *`, ['scopes', index]);
  }
}

function verifyTexts(task: Mapping, say: Say): void {
  const metadata = isMapping(task['metadata']) ? task['metadata'] : {};
  for (const [key, longest] of Object.entries(longestTexts)) {
    const value = metadata[key];
    if (typeof value !== 'string' || value.length <= longest) continue;
    const path = key === 'description' ? ['description'] : [];
    say(`the task's ${key} has ${value.length} letters, more than ${longest}`, path);
  }
  for (const [tag, value] of Object.entries(isMapping(task['tags']) ? task['tags'] : {})) {
    if (typeof value === 'string' && value.length <= longestTag) continue;
    const problem = typeof value === 'string' ? `has more than ${longestTag} letters` : 'is no text';
    say(`the tag "${tag}" ${problem}`, ['tags', tag]);
  }
}

/** Durations are few and tasks are many: each is read once. */
class Lifetimes {
  private readonly context: VerifyContext;
  private readonly known = new Map<string, number | string>();

  constructor(context: VerifyContext) {
    this.context = context;
  }

  verify({ task }: GraphTask, say: Say): void {
    const [deadline, expires] = ['deadline', 'expires'].map((key) =>
      this.read(task[key], `${key}-after`, say),
    );
    if (deadline === 0) say('the deadline is at the moment of creation', ['deadline-after']);
    if (deadline === undefined || expires === undefined) return;
    if (expires < deadline) {
      const hint = 'it must be kept at least until its deadline';
      say('the task expires before its deadline', ['expires-after'], hint);
    }
    if (deadline > usualDeadline) {
      const hint = 'a deployment allows 5 days unless it is told otherwise';
      say('the deadline is more than 5 days away', ['deadline-after'], hint, 'warning');
    }
  }

  /** Milliseconds; what is wrong with it is told unless config.yml is where it is written. */
  private read(value: unknown, key: string, say: Say): number | undefined {
    if (onlyKey(value) !== 'relative-datestamp') return undefined;
    const text = (value as Mapping)['relative-datestamp'];
    if (typeof text !== 'string') return undefined;
    let duration = this.known.get(text);
    if (duration === undefined) this.known.set(text, (duration = durationOf(text)));
    if (typeof duration === 'number') return duration;
    const { [`task-${key}`]: configured } = this.context.graphConfig as unknown as Mapping;
    if (configured === text || isMapping(configured)) return undefined;
    say(duration, [key], undefined, 'warning');
    return undefined;
  }
}
