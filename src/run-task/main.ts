import { isMainThread } from 'node:worker_threads';
import { ExitError, exitCode } from './exit.ts';
import { helpFetching } from './fetch-helper.ts';
import { tell } from './log.ts';
import { run } from './run.ts';

try {
  if (isMainThread) process.exit(await run(process.argv.slice(2)));
  await helpFetching();
} catch (error) {
  if (error instanceof ExitError) {
    if (error.message !== '') tell(error.message);
    process.exit(error.code);
  }
  // The system refused something: its message names call and path, and our stack would add nothing.
  if (!(error instanceof Error && 'syscall' in error)) throw error;
  tell(`error: ${error.message}`);
  process.exit(exitCode.error);
}
