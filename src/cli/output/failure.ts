import { drawDiagnostic } from '../../base/diagnostic.ts';
import { isErrno } from '../../base/files.ts';
import { exitCodes, type Failure, FailureError } from '../../base/failure.ts';
import { QueueError } from '../../queue/queue.ts';

/** The text of a failure as a person reads it, without a stack. */
export function drawFailure(failure: Failure): string {
  const { diagnostics = [], untold = 0 } = failure;
  const lines = diagnostics.map(drawDiagnostic);
  if (untold > 0) lines.push(`… and ${untold} more; caisson graph check --json has all of them`);
  lines.push(`caisson: ${failure.message}`);
  if (failure.hint !== undefined) lines.push(`  hint: ${failure.hint}`);
  return `${lines.join('\n')}\n`;
}

const diskErrors = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'];

/** The exit code of whatever was thrown, after telling it. What is not a failure is our own bug. */
export function tellThrown(error: unknown, write: (text: string) => void): number {
  if (error instanceof FailureError) {
    write(drawFailure(error.failure));
    return exitCodes[error.failure.kind];
  }
  if (error instanceof QueueError && error.code === 'unavailable') {
    write(`caisson: ${error.message}\n`);
    return exitCodes.unavailable;
  }
  if (isErrno(error, ...diskErrors)) {
    write(`caisson: ${error.message}\n  hint: the disk is full, read-only or broken\n`);
    return exitCodes.unavailable;
  }
  // What came first is why the putting away failed too.
  if (error instanceof Error && error.name === 'SuppressedError' && 'suppressed' in error)
    return tellThrown(error.suppressed, write);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  write(`caisson: this is a bug in caisson, please report it:\n${text}\n`);
  return exitCodes.internal;
}
