import { isMainThread } from 'node:worker_threads';
import { ArchiveError } from '../archive/archive-error.ts';
import { printable } from '../base/printable.ts';
import { ExitError, exitCode } from '../run-task/exit.ts';
import { helpFetching } from '../run-task/fetch-helper.ts';
import { logPlainly, tell } from '../run-task/log.ts';
import { fetchContent } from './fetch-content.ts';

logPlainly();
try {
  if (isMainThread) {
    await fetchContent(process.argv.slice(2));
    process.exit(0);
  }
  await helpFetching();
} catch (error) {
  if (error instanceof ExitError) {
    if (error.message !== '') tell(error.message);
    process.exit(error.code);
  }
  // What the system or an archive refuses is no bug of ours: a stack would add nothing.
  if (!(error instanceof Error) || !('syscall' in error || error instanceof ArchiveError)) throw error;
  tell(`error: ${printable(error.message)}`);
  process.exit(exitCode.error);
}
