import { isMainThread } from 'node:worker_threads';
import { Command, CommanderError } from 'commander';
import { exitCodes } from '../base/failure.ts';
import { addActionCommands } from './commands/action-callback.ts';
import { addCacheCommands } from './commands/cache.ts';
import { addDecisionCommand } from './commands/decision.ts';
import { addGraphCommands } from './commands/graph.ts';
import { addImageCommands } from './commands/image.ts';
import { addRunCommand } from './commands/run.ts';
import { addRunTaskCommand } from './commands/run-task.ts';
import { notBuiltYet } from './not-built.ts';
import { tellThrown } from './output/failure.ts';
import { version } from './version.ts';

async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('caisson')
    .description('caches that cannot lie: compile a taskcluster/ folder and run its tasks')
    .version(version)
    .exitOverride()
    .showSuggestionAfterError();
  addRunCommand(program);
  addGraphCommands(program);
  addDecisionCommand(program);
  addActionCommands(program);
  addCacheCommands(program);
  addImageCommands(program);
  addRunTaskCommand(program);
  notBuiltYet(program, {
    serve: 'caisson run has its queue inside',
    worker: 'caisson run has its worker inside',
    init: 'start from examples/hello/taskcluster',
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return process.exitCode === undefined ? 0 : Number(process.exitCode);
  } catch (error) {
    // Commander has printed its message; help and version are not mistakes.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
    return tellThrown(error, (text) => process.stderr.write(text));
  }
}

// A reader that went away (`caisson graph full | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
if (isMainThread) process.exitCode = await main(process.argv.slice(2));
else (await import('./graph/thread.ts')).serveGraphJobs();
