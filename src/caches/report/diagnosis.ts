import { readFileSync } from 'node:fs';
import { FailureError } from '../../base/failure.ts';
import { isErrno } from '../../base/files.ts';
import { type Parts, read } from '../parts.ts';
import { emptyState, type State } from '../state/state.ts';
import type { StoreDiagnosis } from '../store.ts';
import { entriesOf } from '../trees/layout.ts';
import { freeSpace } from '../upkeep/evict.ts';
import { abandonedLeases } from '../upkeep/reconcile.ts';

/** Looks only; a damaged ledger is one of the problems. */
export function diagnoseStore(parts: Parts): StoreDiagnosis {
  const { layout, ledger, choice } = parts;
  const problems: string[] = [];
  let state: State = emptyState();
  try {
    state = read(parts);
    const abandoned = abandonedLeases(parts);
    if (abandoned > 0) problems.push(`${abandoned} leases of killed processes: the next run rolls them back`);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    problems.push(`${error.failure.message} (${error.failure.hint})`);
  }
  for (const name of entriesOf(layout.root).filter((other) => other.startsWith('ledger.damaged-')))
    problems.push(
      `an earlier ledger was damaged and is kept as ${name}: delete it when nobody needs it any more`,
    );
  const { epoch, seq } = ledger.position;
  return {
    ...choice,
    root: layout.root,
    fileSystem: fileSystemOf(layout.root),
    free: freeSpace(parts),
    ledger: { epoch, entries: seq },
    caches: new Set([...state.instances.values()].map(({ level, name }) => `${level}/${name}`)).size,
    instances: state.instances.size,
    layers: state.layers.size,
    openLeases: state.leases.size,
    problems,
  };
}

/** The type of what is mounted innermost; 'unknown' where the system does not say. */
function fileSystemOf(path: string): string {
  let mounts: string;
  try {
    mounts = readFileSync('/proc/self/mounts', 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EACCES')) throw error;
    return 'unknown';
  }
  let found = { place: '', type: 'unknown' };
  for (const line of mounts.split('\n')) {
    const [, place, type] = line.split(' ');
    if (place === undefined || type === undefined) continue;
    const holds = path === place || path.startsWith(place === '/' ? '/' : `${place}/`);
    if (holds && place.length >= found.place.length) found = { place, type };
  }
  return found.type;
}
