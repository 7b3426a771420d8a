import { FailureError } from '../../base/failure.ts';
import { type Parts, read } from '../parts.ts';
import { emptyState, nameKey, type State } from '../state/state.ts';
import type { LevelDiagnosis, StoreDiagnosis } from '../store.ts';
import { entriesOf, levels } from '../trees/layout.ts';
import { freeSpace, totalSpace } from '../upkeep/evict.ts';
import { abandonedLeases, findOldLayout } from '../upkeep/reconcile.ts';
import { fileSystemOf } from './file-system.ts';

/** Looks only; a damaged ledger is one of the problems. */
export function diagnoseStore(parts: Parts): StoreDiagnosis {
  const { layout, ledger, choice } = parts;
  const problems: string[] = [];
  let state: State = emptyState();
  try {
    state = read(parts);
    const abandoned = abandonedLeases(parts);
    if (abandoned > 0)
      problems.push(
        `${abandoned} leases of killed processes: the next run, or caisson cache gc, rolls them back`,
      );
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    problems.push(`${error.failure.message} (${error.failure.hint})`);
  }
  for (const name of entriesOf(layout.root).filter((other) => other.startsWith('ledger.damaged-')))
    problems.push(
      `an earlier ledger was damaged and is kept as ${name}: delete it when nobody needs it any more`,
    );
  const old = findOldLayout(layout);
  if (old.length > 0)
    problems.push(
      `${old.join(', ')} are of an older version: the next run, or caisson cache gc, deletes them`,
    );
  const { epoch, seq } = ledger.position;
  return {
    ...choice,
    root: layout.root,
    fileSystem: fileSystemOf(layout.root),
    free: freeSpace(parts),
    total: totalSpace(parts),
    ledger: { epoch, entries: seq },
    caches: new Set([...state.instances.values()].map(nameKey)).size,
    instances: state.instances.size,
    layers: state.layers.size,
    openLeases: state.leases.size,
    levels: levels.map((level) => diagnoseLevel(state, level)).filter(hasAnything),
    problems,
  };
}

function diagnoseLevel(state: State, level: string): LevelDiagnosis {
  const instances = [...state.instances.values()].filter((instance) => instance.level === level);
  const layers = [...state.layers].filter(([name]) => name.startsWith(`${level}/`)).map(([, layer]) => layer);
  return {
    level,
    caches: new Set(instances.map(({ name }) => name)).size,
    instances: instances.length,
    layers: layers.length,
    bytes: layers.reduce((sum, { size }) => sum + (size?.bytes ?? 0), 0),
    files: layers.reduce((sum, { size }) => sum + (size?.files ?? 0), 0),
    openLeases: [...state.leases.values()].filter(({ cache }) => cache.level === level).length,
  };
}

function hasAnything({ instances, layers, openLeases }: LevelDiagnosis): boolean {
  return instances + layers + openLeases > 0;
}
