import { type Command, InvalidArgumentError } from 'commander';

/** What the command line of a decision task says; names and defaults as in taskgraph. */
export interface DecisionFlags {
  readonly root: string;
  readonly message?: string;
  readonly project: string;
  readonly pushlogId: string;
  readonly pushdate: number;
  readonly owner: string;
  readonly level: string;
  readonly targetTasksMethod?: string;
  readonly repositoryType: string;
  readonly baseRepository: string;
  readonly baseRef: string;
  readonly baseRev: string;
  readonly headRepository: string;
  readonly headRef: string;
  readonly headRev: string;
  readonly headTag: string;
  readonly tasksFor: string;
  readonly tryTaskConfigFile?: string;
  readonly verify: boolean;
  readonly verbose?: true;
  readonly allowParameterOverride?: true;
  readonly dryRun?: true;
}

export function withDecisionFlags(command: Command): Command {
  return command
    .option('-r, --root <folder>', 'where config.yml is', 'taskcluster')
    .option('--message <text>', 'accepted for compatibility')
    .requiredOption('--project <name>', 'the project, e.g. try')
    .requiredOption('--pushlog-id <id>', 'the push; "0" where there are no numbers')
    .requiredOption('--pushdate <seconds>', 'when it was pushed, since 1970; 0: now', wholeNumber)
    .requiredOption('--owner <email>', 'who owns the graph')
    .requiredOption('--level <level>', 'trust level of the repository')
    .option('--target-tasks-method <name>', 'how the wanted tasks are chosen')
    .requiredOption('--repository-type <type>', 'git or hg', oneOf('git', 'hg'))
    .requiredOption('--base-repository <url>', 'where the base revision is')
    .option('--base-ref <ref>', 'branch of the base revision', '')
    .option(
      '--base-rev <rev>',
      'what the changes are counted from; default: where the base branch was left',
      '',
    )
    .requiredOption('--head-repository <url>', 'where the head revision is')
    .requiredOption('--head-ref <ref>', 'branch of the head revision')
    .requiredOption('--head-rev <rev>', 'the revision that is built')
    .option('--head-tag <tag>', 'tag of the head revision', '')
    .requiredOption('--tasks-for <event>', 'what the decision task was made for, e.g. github-push')
    .option('--try-task-config-file <file>', 'parameters to override; default: try_task_config.json')
    .option('--no-verify', 'skip the checks of the whole graph')
    .option('-v, --verbose', 'tell each task that is created')
    .option('--allow-parameter-override', 'try_task_config.json, or a git note, may change parameters')
    .option('--dry-run', 'print the tasks instead of creating them');
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function oneOf(...choices: readonly string[]): (text: string) => string {
  return (text) => {
    if (!choices.includes(text)) throw new InvalidArgumentError(`It must be ${choices.join(' or ')}.`);
    return text;
  };
}
