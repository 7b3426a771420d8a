import { isMainThread } from 'node:worker_threads';
import { Command, CommanderError } from 'commander';
import { exitCodes } from '../base/failure.ts';
import { notBuiltYet } from './not-built.ts';
import { tellThrown } from './output/failure.ts';
import { version } from './version.ts';

/** Commands and what adds them: only what is asked for is loaded, which is most of what a small repository takes. */
const parts: readonly (readonly [commands: readonly string[], add: (program: Command) => Promise<void>])[] = [
  [['run'], async (program) => (await import('./commands/run.ts')).addRunCommand(program)],
  [['graph'], async (program) => (await import('./commands/graph.ts')).addGraphCommands(program)],
  [['decision'], async (program) => (await import('./commands/decision.ts')).addDecisionCommand(program)],
  [
    ['action-callback', 'test-action-callback', 'actions'],
    async (program) => (await import('./commands/action-callback.ts')).addActionCommands(program),
  ],
  [['cache'], async (program) => (await import('./commands/cache.ts')).addCacheCommands(program)],
  [['image'], async (program) => (await import('./commands/image.ts')).addImageCommands(program)],
  [['run-task'], async (program) => (await import('./commands/run-task.ts')).addRunTaskCommand(program)],
];

async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('caisson')
    .description('caches that cannot lie: compile a taskcluster/ folder and run its tasks')
    .version(version)
    .exitOverride()
    .showSuggestionAfterError();
  const asked = parts.filter(([commands]) => commands.includes(argv[0] ?? ''));
  // Help and a mistyped command are about all of them.
  for (const [, add] of asked.length > 0 ? asked : parts) await add(program);
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
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(0);
  process.stderr.write(`caisson: standard output cannot be written: ${code}\n`);
  process.exit(exitCodes.unavailable);
});
// Nobody reads what we say any more (`caisson run 2>&1 | head`): as when the terminal is closed.
let unheard = false;
process.stderr.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (!unheard && (code === 'EPIPE' || code === 'EIO')) process.kill(process.pid, 'SIGHUP');
  unheard = true;
});
void (isMainThread
  ? main(process.argv.slice(2)).then((code) => {
      process.exitCode = code;
    })
  : import('./graph/thread.ts').then(({ serveGraphJobs }) => serveGraphJobs()));
