import type { Command } from 'commander';
import { fail } from '../../base/failure.ts';
import { slugid } from '../../base/slugid.ts';
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
        queue: flags.dryRun
          ? printTasks((text) => process.stdout.write(text))
          : deploymentService(process.env),
        tell: (message) => process.stderr.write(`caisson: ${message}\n`),
      }),
    ),
  );
}

function ownTaskId({ dryRun }: DecisionFlags): string {
  const taskId = process.env['TASK_ID'];
  if (taskId) return taskId;
  if (dryRun) return slugid();
  return fail('usage', 'TASK_ID is not set: this is no decision task', '--dry-run prints the tasks instead');
}
