import { emptyState, type State } from './state.ts';

/**
 * What is kept of the state before a damaged entry: no cache, since the entries that cannot be read may have been purges;
 * but what runs is not deleted under its feet, and whoever asks why a cache is cold gets the answer. Pure.
 */
export function salvage({ leases, names, commits }: State, why: string, at: string): State {
  const fate = { at, what: why };
  return {
    ...emptyState(),
    leases: new Map([...leases].map(([id, lease]) => [id, { ...lease, spoiled: lease.spoiled ?? why }])),
    names: new Map([...names].map(([key, known]) => [key, { ...known, fate }])),
    commits,
  };
}
