import type { Diagnostic } from '../base/diagnostic.ts';
import { FailureError } from '../base/failure.ts';

/** What to do; made only for a mistake that is told where it takes a look through all tasks. */
export type Hint = string | (() => string | undefined);

type Found = Omit<Diagnostic, 'hint'> & { readonly hint?: Hint | undefined };

/** Collects what is wrong with a configuration, so that all of it can be told at once. */
export class Mistakes {
  private readonly strict: boolean;
  private readonly mostTold: number;
  private readonly found = new Map<string, { diagnostic: Found; others: number }>();

  /** `mostTold`: how many mistakes a failure has; default: 100, more nobody reads at once */
  constructor({ strict = false, mostTold = 100 }: { readonly strict?: boolean; readonly mostTold?: number }) {
    this.strict = strict;
    this.mostTold = mostTold;
  }

  /**
   * The same message about the same place is told once, with the number of the others that it is about; an error is an
   * error, even where it was a warning before.
   */
  add(diagnostic: Found): void {
    const { message, place, about } = diagnostic;
    const where = place === undefined ? about : `${place.file}:${place.line}:${place.column}`;
    const key = `${where}: ${message}`;
    const known = this.found.get(key);
    if (known === undefined || (diagnostic.severity === 'error' && known.diagnostic.severity !== 'error'))
      this.found.set(key, { diagnostic, others: known?.others ?? 0 });
    else if (known.diagnostic.about !== about) known.others++;
  }

  /** Warnings and notes. */
  get warnings(): Diagnostic[] {
    return this.all()
      .filter(({ severity }) => severity !== 'error')
      .map(withHint);
  }

  /** Fails with the first of what was found when there is an error, or with `strict` a warning. */
  check(): void {
    const all = this.all();
    const errors = all.filter(({ severity }) => severity === 'error').length;
    if (errors === 0) return;
    const message = `${errors === 1 ? 'one mistake' : `${errors} mistakes`} in the configuration`;
    const mistakes = all.filter(({ severity }) => severity !== 'note');
    const diagnostics = mistakes.slice(0, this.mostTold).map(withHint);
    const untold = mistakes.length - diagnostics.length;
    throw new FailureError({ kind: 'configuration', message, diagnostics, untold });
  }

  /** File after file as they came up, each from top to bottom; what has no place comes last. */
  private all(): Found[] {
    const diagnostics = this.drawn();
    const files = new Set(diagnostics.flatMap(({ place }) => place?.file ?? []));
    const ranks = new Map([...files].map((file, index) => [file, index]));
    const rank = ({ place }: Found) => (place === undefined ? files.size : ranks.get(place.file)!);
    return diagnostics.sort(
      (a, b) =>
        rank(a) - rank(b) ||
        (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
        (a.place?.column ?? 0) - (b.place?.column ?? 0),
    );
  }

  private drawn(): Found[] {
    return [...this.found.values()].map(({ diagnostic, others }) => {
      const isError = this.strict && diagnostic.severity === 'warning';
      return {
        ...diagnostic,
        ...(isError ? { severity: 'error' as const } : {}),
        ...(others > 0 ? { about: `${diagnostic.about ?? 'this one'}, and ${others} more` } : {}),
      };
    });
  }
}

/** As it is told. */
export function withHint({ hint, ...diagnostic }: Found): Diagnostic {
  const text = typeof hint === 'function' ? hint() : hint;
  return text === undefined ? diagnostic : { ...diagnostic, hint: text };
}
