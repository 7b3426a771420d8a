import { type Diagnostic, drawDiagnostic } from '../base/diagnostic.ts';

/** Warnings of the configuration, each at its place, to standard error. */
export function tellWarnings({ warnings }: { readonly warnings: readonly Diagnostic[] }): void {
  for (const warning of warnings) process.stderr.write(`${drawDiagnostic(warning)}\n`);
}
