import { type Diagnostic, drawDiagnostic } from '../base/diagnostic.ts';

/** Warnings of the configuration, and notes where they are wanted, each at its place, to standard error. */
export function tellWarnings(
  { warnings }: { readonly warnings: readonly Diagnostic[] },
  options: { readonly notes?: boolean } = {},
): void {
  for (const diagnostic of warnings) {
    if (diagnostic.severity === 'note' && options.notes !== true) continue;
    process.stderr.write(`${drawDiagnostic(diagnostic)}\n`);
  }
}
