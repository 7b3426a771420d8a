import type { OpenLease, State } from './state.ts';
import { instancesOf, newest, treeInPlace } from './state.ts';

/** Instances that one name may have beside each other, of runs at the same time. */
export const mostInstances = 4;

export type CommitDecision =
  | {
      readonly kind: 'commit';
      readonly instance: string | null;
      readonly generation: number;
      readonly own: boolean;
    }
  | { readonly kind: 'roll-back'; readonly why: string };

/** What a run that ended well becomes: the next generation of its line, an instance of its own, or nothing. Pure. */
export function decideCommit(state: State, lease: OpenLease, mostLayers: number): CommitDecision {
  if (lease.spoiled !== null) return rollBack(lease.spoiled);
  const { from, cache, onConflict } = lease;
  const own = instancesOf(state, cache);
  const line = from === null ? undefined : own.find(({ id }) => id === from.instance);
  if (treeInPlace(lease) !== null) {
    return line === undefined ? rollBack('its instance is gone') : continued(line.id, line.next);
  }
  if (lease.base.length >= mostLayers) return rollBack(`its ${mostLayers} layers have to be merged first`);
  if (line !== undefined && newest(line).number === from?.number) return continued(line.id, line.next);
  const first = { kind: 'commit', instance: null, generation: 1, own: own.length > 0 } as const;
  if (own.length === 0) return first;
  const keeps = onConflict === 'own' || (onConflict === 'auto' && (from === null || line === undefined));
  if (!keeps) return rollBack("another run's changes came first");
  if (own.length >= mostInstances) return rollBack(`there are ${own.length} instances of it already`);
  return first;
}

function continued(instance: string, generation: number): CommitDecision {
  return { kind: 'commit', instance, generation, own: false };
}

function rollBack(why: string): CommitDecision {
  return { kind: 'roll-back', why };
}
