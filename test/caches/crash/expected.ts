import type { BackEnd } from '../../../src/caches/store.ts';
import { requestOf } from '../store-request.ts';

const shared = (level: string) =>
  requestOf(`t-level-${level}-files-v1-00000000000000000000`, { level, shareDown: true });
export const trusted = shared('3');
export const fork = shared('1');

/** What a cache holds after steps of the scenario: from that step on, as `name: content` lines; null: nothing. */
export type Expected = Readonly<Record<string, readonly (readonly [step: number, content: string | null])[]>>;

/** Entries after which an epoch of the ledger ends, in each life that `scenario-process.ts` has a store lead. */
export const epochLengths = { usual: 12, long: 4, damaged: 12 };
export type LifeName = keyof typeof epochLengths;

export interface Life {
  readonly name: LifeName;
  readonly backEnd: BackEnd;
  /** tasks only make files, as `scenario-process.ts` says */
  readonly isRecorded: boolean;
}

/** Begins what a life says when the store has not done what it was to do. */
export const unexpected = 'not as it should be';

export function expectedOf(life: Life): Expected {
  return contents[life.name](life);
}

const contents: Readonly<Record<LifeName, (life: Life) => Expected>> = {
  usual: ({ backEnd, isRecorded }) => ({
    a: [
      [0, './d/file: 1 ./gone: old'],
      [1, isRecorded ? './d/file: 1 ./gone: old ./more: 2' : './e/file: 1 2'],
    ],
    b: [
      [2, './file: b'],
      [3, backEnd === 'overlay' ? './file: b' : null],
    ],
    c: [
      [4, './file: c'],
      [5, null],
    ],
    d: [[6, './file: d']],
    [trusted.name]: [[9, './file: trusted']],
    [fork.name]: [[10, backEnd === 'overlay' && !isRecorded ? './file: trusted more' : './file: more']],
  }),
  long: () => ({
    a: [
      [0, './file: 1'],
      [2, null],
    ],
    b: [
      [4, './d/file: b'],
      [8, './d/file: b ./two: 2'],
      [9, './d/file: b ./three: 3 ./two: 2'],
    ],
    c: [
      [13, './file: c'],
      [16, null],
    ],
  }),
  damaged: () => ({
    a: [
      [0, './file: 1'],
      [1, null],
    ],
    b: [[2, './file: b']],
  }),
};

/** The step that evicts: from it on, half of the caches may be gone. */
const evictionStep = { usual: 13, long: Infinity, damaged: Infinity };

/** Steps in which a run works in the instance itself: on the direct back end a kill costs it. */
const stepsInPlace: Readonly<Record<LifeName, Readonly<Record<string, readonly number[]>>>> = {
  usual: { a: [1, 6] },
  long: { b: [8, 9] },
  damaged: {},
};

/** What may be there when `last` was the last step that ended, and the next one was begun. */
export function allowed(life: Life, name: string, last: number): (string | null)[] {
  const at = (step: number): string | null =>
    (expectedOf(life)[name] ?? []).filter(([from]) => from <= step).at(-1)?.[1] ?? null;
  const next = last + 1;
  const isInPlace = life.backEnd === 'direct' && stepsInPlace[life.name][name]?.includes(next);
  return [at(last), at(next), ...(isInPlace || next >= evictionStep[life.name] ? [null] : [])];
}

/** The same after a power loss, when nobody waited for the disk: older or nothing, but never what was purged. */
export function allowedUnlessDurable(life: Life, name: string, last: number): (string | null)[] {
  const all = expectedOf(life)[name] ?? [];
  const purged = all.findLastIndex(([from, content]) => from <= last && content === null);
  return [null, ...all.slice(purged + 1).flatMap(([from, content]) => (from <= last + 1 ? [content] : []))];
}
