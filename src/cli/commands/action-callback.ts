import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { fail } from '../../base/failure.ts';
import { renderActions } from '../../graph/actions/render-actions.ts';
import { parseYaml } from '../../graph/load/yaml-file.ts';
import { writeJson } from '../../graph/output/json.ts';
import type { Parameters } from '../../graph/parameters/parameters.ts';
import { openProject } from '../../graph/project.ts';
import { callAction } from '../decision/call-action.ts';
import { refusalsAsFailures } from '../decision/deployment.ts';
import { digestOfTaskclusterYml } from '../decision/taskcluster-yml.ts';
import { givenParameters, loadParameters } from '../load-parameters.ts';
import { locateRepository } from '../repository.ts';

interface RootOption {
  readonly root: string;
}

interface TestOptions extends RootOption {
  readonly parameters?: string;
  readonly taskId?: string;
  readonly taskGroupId?: string;
  readonly input?: string;
}

export function addActionCommands(program: Command): void {
  withRoot(program.command('action-callback'))
    .description('in an action task: run what the ACTION_… variables say')
    .action(({ root }: RootOption) => refusalsAsFailures(() => runCallback(root)));
  withRoot(program.command('test-action-callback'))
    .description("run an action's callback without changing anything: print what it would create")
    .argument('<callback>', "the callback's name, cb_name in actions.json")
    .option('-p, --parameters <spec>', 'parameters.yml or .json, or task-id=…; default: from the repository')
    .option('--task-id <id>', 'the task that the action is for')
    .option('--task-group-id <id>', 'the task group that the action is for')
    .option('--input <file>', "the action's input, .yml or .json")
    .action((callback: string, options: TestOptions) =>
      refusalsAsFailures(() => tryCallback(callback, options)),
    );
  withRoot(program.command('actions'))
    .description('print actions.json')
    .option('-v, --verbose', 'accepted for compatibility')
    .option('-p, --parameters <spec>', 'parameters.yml or .json, or task-id=…; default: from the repository')
    .action(printActions);
}

function withRoot(command: Command): Command {
  return command.option('-r, --root <folder>', 'where config.yml is', 'taskcluster');
}

async function runCallback(root: string): Promise<void> {
  const { ACTION_TASK_GROUP_ID: taskGroupId, ACTION_CALLBACK: callbackName } = process.env;
  if (!taskGroupId || !callbackName) {
    const hint = 'caisson test-action-callback tries an action anywhere';
    return fail(
      'usage',
      'ACTION_TASK_GROUP_ID and ACTION_CALLBACK must be set: this is no action task',
      hint,
    );
  }
  const repository = locateRepository(root, process.cwd());
  return callAction({
    repository,
    parameters: (await givenParameters(repository, `task-id=${taskGroupId}`)) as Parameters,
    callbackName,
    taskGroupId,
    taskId: taskIdOf(jsonVariable('ACTION_TASK_ID')),
    input: jsonVariable('ACTION_INPUT'),
    folder: process.cwd(),
    environment: process.env,
    isTest: false,
  });
}

async function tryCallback(callbackName: string, options: TestOptions): Promise<void> {
  const repository = locateRepository(options.root, process.cwd());
  return callAction({
    repository,
    parameters: await loadParameters(repository, options.parameters ?? null),
    callbackName,
    taskGroupId: options.taskGroupId ?? '',
    taskId: options.taskId ?? null,
    input: options.input === undefined ? null : readInput(options.input),
    folder: process.cwd(),
    environment: process.env,
    isTest: true,
  });
}

async function printActions({ root, parameters: spec }: RootOption & { parameters?: string }): Promise<void> {
  const repository = locateRepository(root, process.cwd());
  const parameters = await loadParameters(repository, spec ?? null);
  const { graphConfig, registry } = await openProject({
    root: repository.root,
    repository: repository.top,
    parameters,
  });
  const rendered = renderActions({
    actions: registry.actions,
    parameters,
    graphConfig,
    decisionTaskId: 'DECISION-TASK',
    taskclusterYml: digestOfTaskclusterYml(repository.top),
  });
  process.stdout.write(`${writeJson(rendered)}\n`);
}

function jsonVariable(name: string): unknown {
  const text = process.env[name];
  if (text === undefined || text === '') return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return fail('usage', `${name} is not well formed JSON: ${error.message}`);
  }
}

function taskIdOf(value: unknown): string | null {
  if (value === null || typeof value === 'string') return value;
  return fail('usage', 'ACTION_TASK_ID has to be null or a task id, in JSON');
}

/** JSON is YAML too. */
function readInput(file: string): unknown {
  if (!/\.(ya?ml|json)$/.test(file))
    fail('usage', `the input must be in a .yml or a .json file, not ${file}`);
  if (!existsSync(file)) fail('usage', `there is no file ${file}`);
  const parsed = parseYaml(readFileSync(file, 'utf8'), file);
  return parsed.ok ? parsed.value.value : fail('usage', `the input ${file}: ${parsed.error.message}`);
}
