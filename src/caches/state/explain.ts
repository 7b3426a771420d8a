import { compareRecords, describeChange } from '../name.ts';
import type { BackEnd, LeaseRequest, Warmth } from '../store.ts';
import type { IngredientChange } from '../ingredient-change.ts';
import type { NoBase } from './choose.ts';
import { instancesOf, nameKey, type State } from './state.ts';

type Cold = Extract<Warmth, { state: 'cold' }>;

interface Cause {
  readonly reason: NoBase;
  readonly backEnd: BackEnd;
  /** milliseconds */
  readonly now: number;
  /** why owners are not mapped */
  readonly unmapped: string | null;
}

/** Why there is nothing to start from, in one clause. Pure. */
export function explainCold(
  state: State,
  request: LeaseRequest,
  { reason, backEnd, now, unmapped }: Cause,
): Cold {
  const count = instancesOf(state, request).length;
  if (reason === 'in use') {
    return cold(
      count === 1
        ? 'its only instance is in use by another task'
        : `all ${count} instances are in use by other tasks`,
    );
  }
  if (reason === 'layered') return cold(`it lies in layers, which the ${backEnd} back end cannot mount`);
  if (reason === 'other owner')
    return cold(`its files belong to another user (${unmapped ?? 'they cannot be mapped'})`);
  const known = state.names.get(nameKey(request));
  if (known !== undefined) {
    if (known.fate === null) {
      const isBeingFilled = [...state.leases.values()].some(
        ({ cache }) => nameKey(cache) === nameKey(request),
      );
      return cold(isBeingFilled ? 'another task is just filling it' : 'nothing was committed yet');
    }
    return cold(`${known.fate.what}, ${ago(now - Date.parse(known.fate.at))}`);
  }
  const changed = nearestChange(state, request);
  if (changed === null) return cold('never seen');
  return { ...cold(changed.map(describeChange).join(', ')), changed };
}

/** What differs from the earlier name with the fewest changed ingredients, the most recent one of equals. */
function nearestChange(state: State, request: LeaseRequest): IngredientChange[] | null {
  const { record, trustDomain, level, shortName } = request;
  if (record === null) return null;
  const candidates = [...state.names.values()].flatMap((known) => {
    const isComparable =
      known.trustDomain === trustDomain && known.level === level && known.shortName === shortName;
    if (!isComparable || known.record === null) return [];
    const changed = compareRecords(known.record, record);
    return changed.length > 0 ? [{ changed, lastUsed: known.lastUsed }] : [];
  });
  candidates.sort((a, b) => a.changed.length - b.changed.length || (a.lastUsed < b.lastUsed ? 1 : -1));
  return candidates[0]?.changed ?? null;
}

function cold(why: string): Cold {
  return { state: 'cold', why };
}

function ago(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`;
}
