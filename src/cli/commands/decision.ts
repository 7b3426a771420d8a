import type { Command } from 'commander';
import { fail } from '../../base/failure.ts';
import { slugid } from '../../base/slugid.ts';
import type { ActionQueue } from '../../graph/actions/action-queue.ts';
import { decide } from '../decision/decide.ts';
import { deploymentService, refusalsAsFailures } from '../decision/deployment.ts';
import { printTasks } from '../decision/dry-run.ts';
import { type DecisionFlags, withDecisionFlags } from '../decision/flags.ts';

export function addDecisionCommand(program: Command): void {
  const command = program
    .command('decision')
    .description('in a decision task: compile, write the artifacts, create the tasks');
  withDecisionFlags(command).action((flags: DecisionFlags) =>
    refusalsAsFailures(() =>
      decide({
        flags,
        decisionTaskId: ownTaskId(flags),
        folder: process.cwd(),
        environment: process.env,
        queue: queueOf(flags),
        tell,
      }),
    ),
  );
}

const tell = (message: string): void => void process.stderr.write(`caisson: ${message}\n`);

function queueOf({ dryRun, verbose }: DecisionFlags): Pick<ActionQueue, 'createTask'> {
  if (dryRun) return printTasks((text) => process.stdout.write(text));
  const service = deploymentService(process.env);
  if (!verbose) return service;
  return {
    createTask(taskId, definition) {
      tell(`creating ${definition.metadata.name} as ${taskId}`);
      return service.createTask(taskId, definition);
    },
  };
}

function ownTaskId({ dryRun }: DecisionFlags): string {
  const taskId = process.env['TASK_ID'];
  if (taskId) return taskId;
  if (dryRun) return slugid();
  return fail('usage', 'TASK_ID is not set: this is no decision task', '--dry-run prints the tasks instead');
}
