import type { Command } from 'commander';
import type { CacheDiffOptions } from '../graph/cache-diff.ts';

export function addCacheDiffCommand(cache: Command): void {
  cache
    .command('diff')
    .description('which caches would be cold at another revision, and which ingredient makes them so')
    .argument('<revision>', 'what to compare with')
    .argument('[revision2]', 'default: the files as they are, uncommitted work included')
    .option('-r, --root <folder>', 'where config.yml is', 'taskcluster')
    .option('-p, --parameters <set>', 'as for caisson graph; default: those of caisson run')
    .option('--json', 'as JSON')
    .action(async (before: string, after: string | undefined, options: CacheDiffOptions) => {
      await (await import('../graph/cache-diff.ts')).printCacheDiff(before, after, options);
    });
}
