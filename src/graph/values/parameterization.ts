import { isMapping, type Mapping, onlyKey, setOwn } from './plain.ts';
import { fromNow } from './time.ts';

/** A task-reference or artifact-reference that leads nowhere. */
export class TaskReferenceError extends Error {
  override readonly name = 'TaskReferenceError';
}

/** The ids that a task's references stand for. */
export interface ReferenceTargets {
  /** `<self>`, in task-references only */
  readonly taskId: string;
  /** `<decision>` */
  readonly decisionTaskId: string;
  /** dependency name to task id */
  readonly dependencies: Readonly<Record<string, string>>;
  /** where artifacts are fetched; null: an artifact-reference is an error */
  readonly rootUrl: string | null;
  /** where artifacts that are not below `public/` are fetched; default: `rootUrl` */
  readonly proxyUrl?: string | null;
}

/**
 * A copy of a task definition in which `{task-reference: "…<name>…"}` and `{artifact-reference: "…<name/path>…"}` are the
 * texts they stand for; a mapping in them has its keys resolved. Throws TaskReferenceError.
 */
export function resolveTaskReferences<T>(label: string, value: T, targets: ReferenceTargets): T {
  const { dependencies, decisionTaskId, taskId } = targets;
  const idOf = (name: string): string => {
    if (name === 'decision') return decisionTaskId;
    if (Object.hasOwn(dependencies, name)) return dependencies[name]!;
    throw new TaskReferenceError(`task "${label}" has no dependency named "${name}"`);
  };
  return replaceMarked(value, {
    'task-reference': (text) =>
      text.replace(/<([^>]+)>/g, (_, name: string) => {
        if (name === 'self') return taskId;
        // `<<>` is a literal `<`.
        return name === '<' && !Object.hasOwn(dependencies, name) ? '<' : idOf(name);
      }),
    'artifact-reference': (text) =>
      text.replace(/<([^/]+)\/([^>]+)>/g, (_, name: string, path: string) => {
        if (name === 'self')
          throw new TaskReferenceError(`task "${label}" cannot refer to its own artifacts`);
        return artifactUrl(targets, idOf(name), path);
      }),
  }) as T;
}

function artifactUrl({ rootUrl, proxyUrl }: ReferenceTargets, taskId: string, path: string): string {
  const base = path.startsWith('public/') ? rootUrl : (proxyUrl ?? rootUrl);
  if (base === null) {
    throw new TaskReferenceError(`the address of artifact "${path}" is not known; set TASKCLUSTER_ROOT_URL`);
  }
  return `${base.replace(/\/+$/, '')}/api/queue/v1/task/${taskId}/artifacts/${path}`;
}

/**
 * A copy of a task definition in which `{relative-datestamp: "1 day"}` is that moment after `now`, milliseconds since
 * 1970. Throws DurationError.
 */
export function resolveTimestamps<T>(now: number, value: T): T {
  return replaceMarked(value, { 'relative-datestamp': (text) => fromNow(text, now) }) as T;
}

type Replacements = Readonly<Record<string, (text: string) => string>>;

function replaceMarked(value: unknown, replacements: Replacements): unknown {
  if (Array.isArray(value)) return value.map((item) => replaceMarked(item, replacements));
  if (!isMapping(value)) return value;
  const marker = onlyKey(value);
  if (marker !== undefined && Object.hasOwn(replacements, marker)) {
    const replace = replacements[marker]!;
    const marked = value[marker];
    if (typeof marked === 'string') return replace(marked);
    if (isMapping(marked)) return mapEntries(marked, replace, replacements);
    throw new TaskReferenceError(`${marker} needs a text or a mapping`);
  }
  return mapEntries(value, (key) => key, replacements);
}

function mapEntries(mapping: Mapping, mapKey: (key: string) => string, replacements: Replacements): Mapping {
  const result: Mapping = {};
  for (const key of Object.keys(mapping))
    setOwn(result, mapKey(key), replaceMarked(mapping[key], replacements));
  return result;
}
