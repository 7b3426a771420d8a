import type { Command } from 'commander';
import { fail } from '../../base/failure.ts';
import type { Phase } from '../../graph/compile.ts';
import type { GraphOptions } from '../graph/request.ts';
import { addSchemaCommand } from './graph-schema.ts';

/** taskgraph's name of a phase to ours. */
const commands: Readonly<Record<string, { phase: Phase; set: string; description: string }>> = {
  full: { phase: 'full', set: 'full_task_graph', description: 'every task, with its dependencies' },
  tasks: { phase: 'full', set: 'full_task_set', description: 'every task' },
  target: { phase: 'target', set: 'target_task_set', description: 'the tasks that are wanted' },
  'target-graph': {
    phase: 'target-graph',
    set: 'target_task_graph',
    description: 'the tasks that are wanted and what they need',
  },
  optimized: {
    phase: 'optimized',
    set: 'optimized_task_graph',
    description: 'what is left when unneeded work is taken out',
  },
  morphed: { phase: 'morphed', set: 'morphed_task_graph', description: 'what is handed to the queue' },
};

export function addGraphCommands(program: Command): void {
  const graph = program.command('graph').description('compile a taskcluster/ folder to task definitions');
  for (const [name, { phase, set, description }] of Object.entries(commands)) {
    withFormats(withParameters(withRoot(graph.command(name).description(description)))).action(
      async (options: GraphOptions) => {
        process.exitCode = await print(phase, set, options);
      },
    );
  }
  withRoot(graph.command('kinds').alias('kind-graph').description('which kind needs which, for Mermaid'))
    .option('-J, --json', 'as JSON')
    .option('-p, --parameters <set>', 'accepted for compatibility: kinds do not depend on them')
    .action(async (options: GraphOptions) => (await import('../graph/kinds.ts')).printKinds(options));
  withParameters(withRoot(graph.command('check').description('only say what is wrong')))
    .option('-J, --json', 'what is wrong as JSON')
    .action(async (options: GraphOptions) => {
      process.exitCode = await (await import('../graph/check.ts')).checkGraphs(options);
    });
  addSchemaCommand(graph);
}

async function print(phase: Phase, set: string, options: GraphOptions): Promise<number> {
  if (options.diff !== undefined) return (await import('../graph/diff.ts')).diffGraphs(phase, set, options);
  if (options.dirty) return fail('usage', '--dirty means something with --diff only');
  return (await import('../graph/print.ts')).printGraphs(phase, options);
}

const collect = (value: string, known: readonly string[] = []): string[] => [...known, value];

function withRoot(command: Command): Command {
  return command
    .option('-r, --root <folder>', 'where config.yml is', 'taskcluster')
    .option('-q, --quiet', 'no warnings')
    .option('-v, --verbose', 'accepted for compatibility')
    .option('-o, --output-file <file>', 'write there instead of standard output')
    .option('-k, --target-kind <kind>', 'only these kinds and what they need; repeatable', collect)
    .option('--strict', 'warnings are errors');
}

function withParameters(command: Command): Command {
  return command
    .option(
      '-p, --parameters <set>',
      'a .yml or .json file, a folder of them, an http(s) address, task-id=…, project=… or index=…; repeatable; ' +
        'default: from the repository',
      collect,
    )
    .option('--force-local-files-changed', 'files_changed from the work tree, whatever the parameters say')
    .option('-j, --max-workers <count>', 'how many sets of parameters are compiled at once');
}

function withFormats(command: Command): Command {
  return command
    .option('-J, --json', 'tasks as JSON')
    .option('-Y, --yaml', 'tasks as YAML')
    .option('-L, --labels', 'labels only (default)')
    .option('--tasks, --tasks-regex <regex>', 'only tasks whose label matches from its start')
    .option('-x, --exclude-key <key>', 'leave a key (a.b.c) out of every task; repeatable', collect)
    .option('--no-optimize', 'do not ask the index')
    .option('-F, --fast', 'accepted for compatibility')
    .option(
      '--diff [revision]',
      'how the graph differs from that of another revision; default: the one that this branch starts from',
    )
    .option('--dirty', 'with --diff: the files as they are, uncommitted changes included');
}
