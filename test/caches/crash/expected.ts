import type { BackEnd } from '../../../src/caches/store.ts';
import { requestOf } from '../store-request.ts';

const shared = (level: string) =>
  requestOf(`t-level-${level}-files-v1-00000000000000000000`, { level, shareDown: true });
export const trusted = shared('3');
export const fork = shared('1');

/** What a cache holds after steps of the scenario: from that step on, as `name: content` lines; null: nothing. */
export type Expected = Readonly<Record<string, readonly (readonly [step: number, content: string | null])[]>>;

/** `isRecorded`: tasks only make files, as `scenario-process.ts` says. */
export function expectedOf(backEnd: BackEnd, isRecorded = false): Expected {
  const forked = backEnd === 'overlay' && !isRecorded ? './file: trusted more' : './file: more';
  return {
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
    [fork.name]: [[10, forked]],
  };
}

/** The step that evicts: from it on, half of the caches may be gone. */
export const evictionStep = 13;

/** Steps in which a run of `a` works in the instance itself: on the direct back end a kill costs it. */
const stepsInPlace: readonly number[] = [1, 6];

/** What may be there when `last` was the last step that ended, and the next one was begun. */
export function allowed(backEnd: BackEnd, name: string, last: number, isRecorded = false): (string | null)[] {
  const at = (step: number): string | null =>
    (expectedOf(backEnd, isRecorded)[name] ?? []).filter(([from]) => from <= step).at(-1)?.[1] ?? null;
  const next = last + 1;
  const isInPlace = backEnd === 'direct' && name === 'a' && stepsInPlace.includes(next);
  return [at(last), at(next), ...(isInPlace || next >= evictionStep ? [null] : [])];
}

/** The same after a power loss, when nobody waited for the disk: older or nothing, but never what was purged. */
export function allowedUnlessDurable(backEnd: BackEnd, name: string, last: number): (string | null)[] {
  const all = expectedOf(backEnd, true)[name] ?? [];
  const purged = all.findLastIndex(([from, content]) => from <= last && content === null);
  return [null, ...all.slice(purged + 1).flatMap(([from, content]) => (from <= last + 1 ? [content] : []))];
}
