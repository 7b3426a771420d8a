import type { Place } from '../../base/diagnostic.ts';
import type { Draft } from '../transforms/transform.ts';
import type { DataPath } from './source-map.ts';
import type { YamlFile } from './yaml-file.ts';

/** Where something was written: a file and the path in it. */
export interface Spot {
  readonly file: YamlFile;
  readonly path: DataPath;
}

/** Where a task comes from. */
export interface Origin {
  readonly kind: string;
  /** its name in the file, before transforms */
  readonly name: string;
  readonly spot: Spot;
  /** `task-defaults` that were merged in, the nearest first */
  readonly defaults: readonly Spot[];
}

/**
 * The place of a part of a task: in the task itself, else in the defaults that were merged into it, else of as much of
 * the path as the task has, which is at least its own name.
 */
export function placeInTask(origin: Origin, path: DataPath): Place {
  const [own, ...defaults] = [origin.spot, ...origin.defaults].map(({ file, path: base }) => {
    const found = file.source.find([...base, ...path]);
    return { place: found.place, depth: found.depth - base.length };
  });
  const best = [own!, ...defaults].find(({ depth }) => depth === path.length);
  if (best !== undefined) return best.place;
  const deepest = Math.max(own!.depth, ...defaults.map(({ depth }) => depth));
  if (deepest <= 0 || own!.depth === deepest) return own!.place;
  return defaults.find(({ depth }) => depth === deepest)!.place;
}

/**
 * Remembers where drafts come from while transforms change, copy and replace them. A transform is a generator that
 * takes one draft after the other: a new draft comes from the one that was taken last.
 */
export class Origins {
  private readonly known = new WeakMap<Draft, Origin>();
  private last: Origin | undefined;

  set(draft: Draft, origin: Origin): void {
    this.known.set(draft, origin);
  }

  /** Of a draft; of one that nobody has seen before: that of the draft that was taken last. */
  of(draft: Draft): Origin | undefined {
    return this.known.get(draft) ?? this.last;
  }

  /** Wraps one transform: `step` gets the drafts and gives others, whose origins become known. */
  *through(drafts: Iterable<Draft>, step: (drafts: Iterable<Draft>) => Iterable<Draft>): Generator<Draft> {
    let taken: Origin | undefined;
    const { known } = this;
    const note = (origin: Origin | undefined): void => {
      taken = origin;
      this.last = origin;
    };
    function* watched(): Generator<Draft> {
      for (const draft of drafts) {
        note(known.get(draft));
        yield draft;
      }
      // What comes after the last draft was taken may come from any of them.
      note(undefined);
    }
    for (const draft of step(watched())) {
      if (taken !== undefined && !known.has(draft)) known.set(draft, taken);
      yield draft;
    }
  }
}
