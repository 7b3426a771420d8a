import type { Diagnostic } from '../base/diagnostic.ts';
import { FailureError } from '../base/failure.ts';

/** Collects what is wrong with a configuration, so that all of it can be told at once. */
export class Mistakes {
  private readonly strict: boolean;
  private readonly found = new Map<string, { diagnostic: Diagnostic; others: number }>();

  constructor(options: { readonly strict: boolean }) {
    this.strict = options.strict;
  }

  /**
   * The same message about the same place is told once, with the number of the others that it is about; an error is an
   * error, even where it was a warning before.
   */
  add(diagnostic: Diagnostic): void {
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
    return this.all().filter(({ severity }) => severity !== 'error');
  }

  /** Fails with all that was found when there is an error, or with `strict` a warning. */
  check(): void {
    const all = this.all();
    const errors = all.filter(({ severity }) => severity === 'error').length;
    if (errors === 0) return;
    const message = `${errors === 1 ? 'one mistake' : `${errors} mistakes`} in the configuration`;
    const diagnostics = all.filter(({ severity }) => severity !== 'note');
    throw new FailureError({ kind: 'configuration', message, diagnostics });
  }

  /** File after file as they came up, each from top to bottom; what has no place comes last. */
  private all(): Diagnostic[] {
    const diagnostics = this.drawn();
    const files = [...new Set(diagnostics.map(({ place }) => place?.file))];
    const rank = ({ place }: Diagnostic) => (place === undefined ? files.length : files.indexOf(place.file));
    return diagnostics.sort(
      (a, b) =>
        rank(a) - rank(b) ||
        (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
        (a.place?.column ?? 0) - (b.place?.column ?? 0),
    );
  }

  private drawn(): Diagnostic[] {
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
