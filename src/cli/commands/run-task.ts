import { type Command, Option } from 'commander';
import { fail } from '../../base/failure.ts';
import { type RunTaskPlatform, runTaskBundle, runTaskFor, runTaskPlatforms } from '../run-task-bundle.ts';

interface Options {
  readonly path?: true;
  readonly digest?: true;
  readonly platform?: RunTaskPlatform;
}

export function addRunTaskCommand(program: Command): void {
  program
    .command('run-task')
    .description('the wrapper that tasks start with')
    .option('--path', 'where it is: the stand-alone executable where it is built, else the bundle for Node')
    .addOption(
      new Option('--platform <platform>', 'for which machine; any: the bundle for Node').choices(
        runTaskPlatforms,
      ),
    )
    .option('--digest', 'the SHA-256 of the bundle, which is in the names of the caches it fills')
    .action(({ path, digest, platform }: Options) => {
      if (!path && !digest) fail('usage', 'caisson run-task needs --path or --digest');
      if (platform !== undefined && !path)
        fail('usage', '--platform goes with --path: the digest is the same for all');
      const bundle = runTaskBundle();
      const place = platform === undefined ? bundle.fitting : runTaskFor(platform);
      const lines = [...(path ? [place] : []), ...(digest ? [bundle.digest] : [])];
      process.stdout.write(`${lines.join('\n')}\n`);
    });
}
