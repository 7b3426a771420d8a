import {
  type Instance,
  type KnownName,
  type Layer,
  nameKey,
  type OpenLease,
  type OpenWork,
  type State,
} from './state.ts';

/** How long the past is told, in milliseconds. */
export const keptFor = 90 * 24 * 3600 * 1000;

/** The state as JSON; names that nobody has asked for in a long time are left out. `at`: milliseconds. */
export function saveState(state: State, at: number): unknown {
  const leased = [...state.leases.values()].map(({ cache }) => cache);
  const inUse = new Set([...state.instances.values(), ...leased].map(nameKey));
  return {
    instances: [...state.instances.values()],
    leases: [...state.leases.values()],
    works: [...state.works.values()],
    layers: [...state.layers],
    names: [...state.names].filter(
      ([key, { lastUsed }]) => inUse.has(key) || at - Date.parse(lastUsed) <= keptFor,
    ),
    commits: state.commits,
  };
}

export function restoreState(saved: unknown): State {
  // Written by saveState; the entry's hash has been checked. Copied, since the state changes and entries do not.
  const { instances, leases, works, layers, names, commits } = structuredClone(saved) as {
    readonly instances: readonly Instance[];
    readonly leases: readonly OpenLease[];
    readonly works: readonly OpenWork[];
    readonly layers: readonly (readonly [string, Layer])[];
    readonly names: readonly (readonly [string, KnownName])[];
    readonly commits: number;
  };
  return {
    instances: new Map(instances.map((instance) => [instance.id, instance])),
    leases: new Map(leases.map((lease) => [lease.id, lease])),
    works: new Map(works.map((work) => [work.id, work])),
    layers: new Map(layers),
    names: new Map(names),
    commits,
  };
}
