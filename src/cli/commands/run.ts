import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { exitCodes, fail } from '../../base/failure.ts';
import { openHome } from '../home.ts';
import { showProgress } from '../output/progress.ts';
import { standardError } from '../output/terminal.ts';
import { collectOutcomes, outcomeTable } from '../run/outcome.ts';
import { type EngineChoice, openSession } from '../run/session.ts';

interface RunOptions {
  readonly root: string;
  readonly parameters?: string;
  readonly engine: string;
  readonly jobs?: string;
  readonly deps: boolean;
  readonly keepGoing?: true;
  readonly fresh?: true;
  readonly head?: true;
  readonly rehearse?: true;
  readonly network: string;
  readonly json?: true;
}

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .description('compile the repository here and run its tasks')
    .argument('[label...]', 'labels or regular expressions; default: the target tasks')
    .option('-r, --root <folder>', 'where config.yml is', 'taskcluster')
    .option('-p, --parameters <file>', 'parameters.yml or .json; default: from the repository')
    .option('--engine <engine>', 'auto, oci or process', 'auto')
    .option('--jobs <count>', 'tasks at once; default: the number of processors')
    .option('--no-deps', 'only the tasks named, not what they need')
    .option('--keep-going', 'go on when a task has failed')
    .option('--fresh', 'run even what the index holds')
    .option('--head', 'HEAD instead of the files as they are')
    .option('--rehearse', 'real dependencies, caches and artifacts, but harmless commands')
    .option('--network <network>', 'host or none', 'host')
    .option('--json', 'the result as JSON')
    .action(async (labels: readonly string[], options: RunOptions) => {
      process.exitCode = await runTasks(labels, options);
    });
}

async function runTasks(labels: readonly string[], options: RunOptions): Promise<number> {
  const terminal = standardError(process.env);
  const stopping = new AbortController();
  const stop = (): void => {
    if (stopping.signal.aborted) return;
    terminal.write('caisson: stopping; caches of running tasks are rolled back\n');
    stopping.abort();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // It comes twice from a terminal that is closed: from the kernel and from the shell.
  process.on('SIGHUP', stop);
  try {
    const session = await openSession(
      {
        root: options.root,
        labels,
        engine: oneOf('--engine', options.engine, ['auto', 'oci', 'process']),
        network: oneOf('--network', options.network, ['host', 'none']),
        jobs: jobCount(options.jobs),
        dependencies: options.deps,
        keepGoing: options.keepGoing === true,
        fresh: options.fresh === true,
        headOnly: options.head === true,
        rehearse: options.rehearse === true,
        ...(options.parameters === undefined ? {} : { parameters: options.parameters }),
      },
      openHome(process.env),
      stopping.signal,
    );
    const outcomes = collectOutcomes();
    const progress = showProgress(terminal, session.total);
    try {
      for (const line of session.notes) terminal.write(`caisson: ${line}\n`);
      const results = await session.run(
        (event) => {
          outcomes.tell(event);
          progress.tell(event);
        },
        (label, status, blockedBy) => outcomes.of(label, status, blockedBy),
      );
      progress.end();
      const good = results.every(({ state }) => state === 'completed' || state === 'skipped');
      if (options.json) process.stdout.write(`${JSON.stringify({ ok: good, tasks: results }, null, 2)}\n`);
      else process.stdout.write(outcomeTable(results));
      if (stopping.signal.aborted) return exitCodes.interrupted;
      return good ? 0 : exitCodes['task-failed'];
    } finally {
      progress.end();
      await session.close();
    }
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    process.off('SIGHUP', stop);
  }
}

function oneOf<const T extends string>(option: string, value: string, known: readonly T[]): T {
  const found = known.find((word) => word === value);
  if (found !== undefined) return found;
  const hint = value === 'docker' ? 'the docker engine is not built yet' : `known: ${known.join(', ')}`;
  return fail('usage', `${option} ${value}: there is no such choice`, hint);
}

function jobCount(text: string | undefined): number {
  if (text === undefined) return availableParallelism();
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 32)
    fail('usage', `--jobs ${text}: give a number from 1 to 32`);
  return count;
}

export type { EngineChoice };
