import { isSlugid } from '../base/slugid.ts';
import { QueueError } from '../queue/queue.ts';

/** What a path asks for. */
export type Route =
  | { readonly to: 'task' | 'status'; readonly taskId: string }
  | { readonly to: 'artifacts'; readonly taskId: string; readonly runId: number | undefined }
  | {
      readonly to: 'artifact';
      readonly taskId: string;
      readonly runId: number | undefined;
      readonly name: string;
    }
  | { readonly to: 'namespace'; readonly namespace: string }
  | { readonly to: 'namespace-artifact'; readonly namespace: string; readonly name: string };

/**
 * Reads a request's path. Clients write the slashes of an artifact's name as they are or as `%2F`; both mean the same.
 * `not-found` for a path that is not served, `bad-request` for a malformed one.
 */
export function parseRoute(url: string): Route {
  const path = url.split(/[?#]/, 1)[0]!;
  const [empty, api, service, version, noun, subject, ...rest] = path.split('/').map(decode);
  if (empty === '' && api === 'api' && version === 'v1' && noun === 'task' && subject !== undefined) {
    const route = service === 'queue' ? queueRoute(subject, rest) : indexRoute(subject, rest);
    if (route !== undefined && (service === 'queue' || service === 'index')) return route;
  }
  throw new QueueError('not-found', `nothing is served at ${path}`);
}

function queueRoute(taskId: string, rest: readonly string[]): Route | undefined {
  if (!isSlugid(taskId)) throw new QueueError('bad-request', `not a task id: ${taskId}`);
  if (rest.length === 0) return { to: 'task', taskId };
  if (rest.length === 1 && rest[0] === 'status') return { to: 'status', taskId };
  if (rest[0] === 'artifacts') return artifactRoute(taskId, undefined, rest.slice(1));
  if (rest[0] !== 'runs' || rest[2] !== 'artifacts') return undefined;
  if (!/^\d{1,3}$/.test(rest[1]!)) throw new QueueError('bad-request', `not a run id: ${rest[1]}`);
  return artifactRoute(taskId, Number(rest[1]), rest.slice(3));
}

function artifactRoute(taskId: string, runId: number | undefined, rest: readonly string[]): Route {
  const name = rest.join('/');
  return name === '' ? { to: 'artifacts', taskId, runId } : { to: 'artifact', taskId, runId, name };
}

function indexRoute(namespace: string, rest: readonly string[]): Route | undefined {
  if (rest.length === 0) return { to: 'namespace', namespace };
  const name = rest.slice(1).join('/');
  return rest[0] === 'artifacts' && name !== '' ? { to: 'namespace-artifact', namespace, name } : undefined;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw new QueueError('bad-request', `not a URL path: ${segment}`, { cause: error });
  }
}
