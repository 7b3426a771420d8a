import type { LayerName } from '../ledger/entry.ts';
import type { State } from '../state/state.ts';
import type { Layout } from './layout.ts';
import { differsFromSeal } from './seal.ts';

export interface Damage {
  readonly layers: readonly LayerName[];
  readonly why: string;
}

/** The first layer of a chain that is not what its seal says. */
export function findDamagedLayer(
  layout: Layout,
  { layers }: State,
  chain: readonly LayerName[],
): Damage | null {
  for (const name of chain) {
    const seal = layers.get(name)?.seal;
    const why = seal === undefined ? 'its seal is absent' : differsFromSeal(layout.layer(name), seal);
    if (why !== null) return { layers: [name], why };
  }
  return null;
}
