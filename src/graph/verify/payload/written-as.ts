import type { DataPath } from '../../load/source-map.ts';
import { isMapping, type Mapping } from '../../values/plain.ts';

/** Parts of a payload that have another name in `worker` than their own in kebab-case. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  image: ['docker-image'],
  cache: ['caches'],
  'features.allowPtrace': ['allow-ptrace'],
  'features.chainOfTrust': ['chain-of-trust'],
  'features.hideCmdWindow': ['hide-cmd-window'],
  'features.runAsAdministrator': ['run-as-administrator'],
  'features.runTaskAsCurrentUser': ['run-task-as-current-user'],
  'features.taskclusterProxy': ['taskcluster-proxy'],
  'capabilities.devices.loopbackVideo': ['loopback-video'],
  'onExitStatus.retry': ['retry-exit-status'],
  'onExitStatus.purgeCaches': ['purge-caches-exit-status'],
};

/** Where in a task an author writes what stands at `path` of its payload; as far as that can be said. */
export function writtenAs(path: DataPath, worker: Mapping): DataPath {
  for (let length = path.length; length > 0; length--) {
    const other = otherNames[path.slice(0, length).join('.')];
    if (other !== undefined) return ['worker', ...other, ...path.slice(length).map(kebab)];
  }
  const [first, name, ...rest] = path;
  // docker-worker's artifacts are a list for the author and a mapping for the worker.
  if (first === 'artifacts' && typeof name === 'string' && Array.isArray(worker['artifacts'])) {
    const list = worker['artifacts'] as unknown[];
    return ['worker', 'artifacts', list.findIndex((one) => isMapping(one) && one['name'] === name), ...rest];
  }
  return ['worker', ...path.map((step, index) => (path[0] === 'env' && index > 0 ? step : kebab(step)))];
}

function kebab(step: string | number): string | number {
  return typeof step === 'string' ? step.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) : step;
}
