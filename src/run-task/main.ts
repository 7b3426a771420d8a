import { ExitError, exitCode } from './exit.ts';
import { tell } from './log.ts';
import { run } from './run.ts';

try {
  process.exit(await run(process.argv.slice(2)));
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
