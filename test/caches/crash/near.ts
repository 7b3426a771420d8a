import { type Cut, type Recording, toldIn } from '../../support/crash/every-cut.ts';
import { pendingOf, replay } from '../../support/crash/power-loss.ts';

/** Changes before a call that it may have made durable, and places where it was left out, that are tried. */
const window = 60;
const mostPlaces = 12;

/**
 * States that a recorded life, in which a call was left out, may leave: its end, and after each place where the call had
 * been, until the next two steps are over, kills and power losses that take what came before. The likely ones first.
 */
export function* cutsNear({ root, changes, fresh }: Recording): Generator<Cut> {
  const seen = new Set<string>();
  const cut = function* (end: number, lost: readonly number[]): Generator<Cut> {
    const done = changes.slice(0, end);
    const state = replay(fresh(), done, new Set(lost));
    const key = `${state.digest()} ${toldIn(done)}`;
    if (seen.has(key)) return;
    seen.add(key);
    const inWords = (at: number) => `${at} ${changes[at]?.kind} ${changes[at]?.path.slice(root.length)}`;
    yield { state, done, what: `after ${inWords(end - 1)} without ${lost.map(inWords).join(', ')}` };
  };
  yield* cut(changes.length, []);
  const all = changes.flatMap((change, at) =>
    change.kind === 'told' && change.text.startsWith('left out') ? [at] : [],
  );
  const places = all.filter((_, index) => index % Math.ceil(all.length / mostPlaces) === 0);
  for (const isStep of [true, false]) {
    for (const place of places) {
      for (const end of endsAfter(changes, place, isStep)) {
        const lost = pendingOf(changes.slice(0, end), false).filter(
          (at) => at < place && at >= place - window,
        );
        yield* cut(end, []);
        yield* cut(end, lost);
        for (const at of lost.toReversed()) yield* cut(end, [at]);
      }
    }
  }
}

/** Ends of steps, or of calls that change names, until two steps are over. */
function* endsAfter(changes: Recording['changes'], place: number, isStep: boolean): Generator<number> {
  let steps = 0;
  for (let end = place + 1; end <= changes.length && steps < 2; end++) {
    const last = changes[end - 1];
    const endsStep = last?.kind === 'told' && last.text.includes('done');
    if (endsStep) steps += 1;
    const changesNames = ['rename', 'link', 'remove'].includes(last?.kind ?? '');
    if (isStep ? endsStep : changesNames) yield end;
  }
}
