import type { Command } from 'commander';
import { fail } from '../../base/failure.ts';
import { runTaskBundle } from '../run-task-bundle.ts';

export function addRunTaskCommand(program: Command): void {
  program
    .command('run-task')
    .description('the wrapper that tasks start with')
    .option('--path', 'where it is')
    .option('--digest', 'its SHA-256, which is in the names of the caches it fills')
    .action(({ path, digest }: { path?: true; digest?: true }) => {
      if (!path && !digest) fail('usage', 'caisson run-task needs --path or --digest');
      const bundle = runTaskBundle();
      const lines = [...(path ? [bundle.path] : []), ...(digest ? [bundle.digest] : [])];
      process.stdout.write(`${lines.join('\n')}\n`);
    });
}
