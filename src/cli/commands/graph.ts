import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { fail } from '../../base/failure.ts';
import { compile, type Phase } from '../../graph/compile.ts';
import { formatJson, formatLabels, formatYaml } from '../../graph/output/format.ts';
import { environmentIndex } from '../../queue/taskcluster/index-reader.ts';
import { loadParameters, tellWarnings } from '../compilation.ts';
import { notBuiltYet } from '../not-built.ts';
import { locateRepository } from '../repository.ts';
import { runTaskBundle } from '../run-task-bundle.ts';
import { addSchemaCommand } from './graph-schema.ts';

interface GraphOptions {
  readonly root: string;
  readonly quiet?: true;
  readonly json?: true;
  readonly yaml?: true;
  readonly parameters?: string;
  readonly outputFile?: string;
  readonly targetKind?: readonly string[];
  readonly tasks?: string;
  readonly excludeKey?: readonly string[];
  readonly strict?: true;
}

/** taskgraph's name of a phase to ours. */
const commands: Readonly<Record<string, { phase: Phase; description: string }>> = {
  full: { phase: 'full', description: 'every task, with its dependencies' },
  tasks: { phase: 'full', description: 'every task' },
  target: { phase: 'target', description: 'the tasks that are wanted' },
  'target-graph': { phase: 'target-graph', description: 'the tasks that are wanted and what they need' },
  optimized: { phase: 'optimized', description: 'what is left when unneeded work is taken out' },
  morphed: { phase: 'morphed', description: 'what is handed to the queue' },
};

export function addGraphCommands(program: Command): void {
  const graph = program.command('graph').description('compile a taskcluster/ folder to task definitions');
  for (const [name, { phase, description }] of Object.entries(commands)) {
    withOptions(graph.command(name).description(description)).action((options: GraphOptions) =>
      print(phase, options),
    );
  }
  withOptions(graph.command('check').description('only say what is wrong')).action(
    async (options: GraphOptions) => {
      const { graph: tasks, warnings } = await compileFor('full', options);
      process.stderr.write(`caisson: ${tasks.size} tasks, ${warnings.length} warnings\n`);
    },
  );
  addSchemaCommand(graph);
  notBuiltYet(graph, { kinds: 'caisson graph full -J names the kind of every task' });
}

function withOptions(command: Command): Command {
  const collect = (value: string, known: readonly string[] = []): string[] => [...known, value];
  return command
    .option('-r, --root <folder>', 'where config.yml is', 'taskcluster')
    .option('-q, --quiet', 'no warnings')
    .option('-v, --verbose', 'accepted for compatibility')
    .option('-J, --json', 'tasks as JSON')
    .option('-Y, --yaml', 'tasks as YAML')
    .option('-L, --labels', 'labels only (default)')
    .option('-p, --parameters <file>', 'parameters.yml or .json; default: from the repository')
    .option('-o, --output-file <file>', 'write there instead of standard output')
    .option('-k, --target-kind <kind>', 'only these kinds and what they need; repeatable', collect)
    .option('--tasks, --tasks-regex <regex>', 'only labels that match')
    .option('-x, --exclude-key <key>', 'leave a key (a.b.c) out of every task; repeatable', collect)
    .option('-F, --fast', 'accepted for compatibility')
    .option('-j, --max-workers <count>', 'accepted for compatibility')
    .option('--strict', 'warnings are errors');
}

async function compileFor(phase: Phase, options: GraphOptions): ReturnType<typeof compile> {
  const repository = locateRepository(options.root, process.cwd());
  const kinds = options.targetKind === undefined ? {} : { 'target-kinds': options.targetKind };
  const compilation = await compile(
    {
      root: repository.root,
      repository: repository.top,
      parameters: loadParameters(repository, options.parameters, kinds),
      wrapper: runTaskBundle().digest,
      rootUrl: process.env['TASKCLUSTER_ROOT_URL'] ?? null,
      index: environmentIndex(process.env),
      decisionReference: 'DECISION-TASK',
      ...(process.env['TASK_ID'] === undefined ? {} : { decisionTaskId: process.env['TASK_ID'] }),
      ...(options.strict ? { strict: true } : {}),
    },
    phase,
  );
  if (!options.quiet) tellWarnings(compilation);
  return compilation;
}

async function print(phase: Phase, options: GraphOptions): Promise<void> {
  const { graph } = await compileFor(phase, options);
  const selection = {
    ...(options.tasks === undefined ? {} : { tasks: compileRegex(options.tasks) }),
    excludeKeys: options.excludeKey ?? [],
  };
  const format = options.json ? formatJson : options.yaml ? formatYaml : formatLabels;
  const text = format(graph, selection);
  if (options.outputFile === undefined) process.stdout.write(text);
  else writeFileSync(options.outputFile, text);
}

function compileRegex(source: string): RegExp {
  try {
    return new RegExp(`^(?:${source})`);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return fail('usage', `--tasks: ${error.message}`);
  }
}
