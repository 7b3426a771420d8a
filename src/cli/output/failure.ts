import { drawDiagnostic } from '../../base/diagnostic.ts';
import { exitCodes, type Failure, FailureError } from '../../base/failure.ts';

/** More than this many mistakes nobody reads at once. */
const mostDiagnostics = 100;

/** The text of a failure as a person reads it, without a stack. */
export function drawFailure(failure: Failure): string {
  const diagnostics = failure.diagnostics ?? [];
  const lines = diagnostics.slice(0, mostDiagnostics).map(drawDiagnostic);
  const others = diagnostics.length - mostDiagnostics;
  if (others > 0) lines.push(`… and ${others} more; caisson graph check --json has all of them`);
  lines.push(`caisson: ${failure.message}`);
  if (failure.hint !== undefined) lines.push(`  hint: ${failure.hint}`);
  return `${lines.join('\n')}\n`;
}

/** The exit code of whatever was thrown, after telling it. What is not a failure is our own bug. */
export function tellThrown(error: unknown, write: (text: string) => void): number {
  if (error instanceof FailureError) {
    write(drawFailure(error.failure));
    return exitCodes[error.failure.kind];
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  write(`caisson: this is a bug in caisson, please report it:\n${text}\n`);
  return exitCodes.internal;
}
