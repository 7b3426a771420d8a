import { wrapperCommand } from '../../task/command.ts';
import type { GraphTask } from '../task-graph.ts';
import { isMapping, type Mapping } from '../values/plain.ts';

/** A cache as the definition has it, whoever wrote it there. */
export interface FinalCache {
  readonly name: string;
  readonly mountPoint: string;
}

/** The caches of a definition, on either worker. */
export function cachesOf(task: GraphTask): FinalCache[] {
  const payload = payloadOf(task);
  const found = Object.entries(referenced(payload['cache'])).flatMap(([name, mountPoint]) =>
    typeof mountPoint === 'string' ? [{ name, mountPoint }] : [],
  );
  for (const mount of Array.isArray(payload['mounts']) ? (payload['mounts'] as unknown[]) : []) {
    if (!isMapping(mount) || typeof mount['directory'] !== 'string') continue;
    const written = mount['cacheName'];
    const name = isMapping(written) ? written['task-reference'] : written;
    if (typeof name === 'string') found.push({ name, mountPoint: mount['directory'] });
  }
  return found;
}

/** Cache name to record, as far as the definition keeps them. */
export function recordsOf({ task }: GraphTask): [name: string, record: object][] {
  const extra = mappingIn(task, 'extra');
  const caches = referenced(mappingIn(extra, 'caisson')['caches']);
  return Object.entries(caches).flatMap(([name, entry]): [string, object][] =>
    isMapping(entry) && isMapping(entry['record']) ? [[name, entry['record']]] : [],
  );
}

/** Words of the command that run-task starts; null when it is not the command. Only docker-worker has an image. */
export function wrapperWords(task: GraphTask): readonly string[] | null {
  const payload = payloadOf(task);
  return wrapperCommand('image' in payload ? 'docker-worker' : 'generic-worker', payload['command']);
}

/** Volumes that run-task is told of; null when the image is not built in-tree, so that nobody knows all of them. */
export function volumesOf(task: GraphTask): readonly string[] | null {
  const payload = payloadOf(task);
  if (mappingIn(payload, 'image')['type'] !== 'task-image') return null;
  const volumes = mappingIn(payload, 'env')['TASKCLUSTER_VOLUMES'];
  return typeof volumes === 'string' ? volumes.split(';') : [];
}

function payloadOf({ task }: GraphTask): Mapping {
  return mappingIn(task, 'payload');
}

function mappingIn(mapping: Mapping, key: string): Mapping {
  const value = mapping[key];
  return isMapping(value) ? value : {};
}

function referenced(value: unknown): Mapping {
  if (!isMapping(value)) return {};
  const inner = value['task-reference'];
  return isMapping(inner) ? inner : value;
}
