import type { Command } from 'commander';
import { fail } from '../../base/failure.ts';
import { didYouMean } from '../../base/suggest.ts';
import { describeChange } from '../../caches/name.ts';
import type { CacheListing, LeaseReport, Store } from '../../caches/store.ts';
import { chooseNames } from '../cache-patterns.ts';
import { notBuiltYet } from '../not-built.ts';
import { openCaches } from '../open-caches.ts';
import { addCacheDiffCommand } from './cache-diff.ts';
import { addCacheLogCommand } from './cache-log.ts';
import { addCacheUpkeepCommands } from './cache-upkeep.ts';
import { asJson } from '../output/json.ts';
import { describeCache } from '../output/progress.ts';
import { bytes, columns } from '../output/terminal.ts';

export function addCacheCommands(program: Command): void {
  const cache = program.command('cache').description('what caches there are, and why one was cold');
  cache
    .command('ls')
    .description('every cache and its instances, and those that are being filled')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) => {
      const listings = await (await openCaches()).list();
      process.stdout.write(json ? asJson(listings.map(withoutDirectories)) : listTable(listings));
    });
  cache
    .command('show')
    .description('one cache: its instances, and where they are')
    .argument('<name>')
    .option('--json', 'as JSON')
    .action(async (name: string, { json }: { json?: true }) => {
      const listing = await find(await openCaches(), name);
      process.stdout.write(json ? asJson(listing) : showListing(listing));
    });
  cache
    .command('why')
    .description('why the caches of a task were warm or cold when it last ran')
    .argument('<label>')
    .option('--json', 'as JSON')
    .action(async (label: string, { json }: { json?: true }) => {
      const reports = lastRun(await (await openCaches()).history(label));
      if (reports.length === 0) {
        fail(
          'usage',
          `no task "${label}" has used a cache here`,
          'caisson run --json names the labels that ran',
        );
      }
      process.stdout.write(json ? asJson(reports) : whyText(reports));
    });
  cache
    .command('purge')
    .description('make every instance of these caches unusable')
    .argument('<name...>', 'whole names; * stands for any text, ? for one character')
    .option('--json', 'as JSON')
    .action(async (patterns: readonly string[], { json }: { json?: true }) => {
      const store = await openCaches();
      const known = [...new Set((await store.list()).map(({ name }) => name))];
      const purged: { name: string; instances: number }[] = [];
      for (const name of chooseNames(patterns, known)) {
        const { instances } = await store.purge(name, 'caisson cache purge');
        process.stderr.write(`caisson: ${name}: ${instances} purged\n`);
        purged.push({ name, instances });
      }
      if (json) process.stdout.write(asJson(purged));
      await store.drain();
    });
  addCacheDiffCommand(cache);
  addCacheLogCommand(cache);
  addCacheUpkeepCommands(cache);
  notBuiltYet(cache, {
    honesty: 'run twice with --fresh and compare',
  });
}

async function find(store: Store, name: string): Promise<CacheListing> {
  const listings = await store.list();
  const found = listings.find((listing) => listing.name === name);
  if (found) return found;
  const hint = didYouMean(
    name,
    listings.map((listing) => listing.name),
  );
  return fail('usage', `there is no cache "${name}"`, hint ?? 'caisson cache ls lists them');
}

function withoutDirectories({ instances, ...listing }: CacheListing): unknown {
  return { ...listing, instances: instances.map(({ directories: _, ...instance }) => instance) };
}

function listTable(listings: readonly CacheListing[]): string {
  if (listings.length === 0) return 'no caches\n';
  const rows = listings.flatMap(({ name, level, instances, filling }) => [
    ...instances.map(({ id, state, generations, bytes: size, files, lastUsed }) => [
      name,
      level,
      id,
      state,
      String(generations),
      bytes(size),
      String(files),
      lastUsed,
    ]),
    ...filling.map(({ since }) => [name, level, '-', 'filling', '-', '-', '-', since]),
  ]);
  const head = ['NAME', 'LEVEL', 'INSTANCE', 'STATE', 'GENERATIONS', 'SIZE', 'FILES', 'LAST USE'];
  return `${columns([head, ...rows]).join('\n')}\n`;
}

function showListing(listing: CacheListing): string {
  const lines = [`${listing.name} (trust domain ${listing.trustDomain}, level ${listing.level})`];
  for (const instance of listing.instances) {
    lines.push(
      `  ${instance.id}: ${instance.state}, ${instance.generations} generations, ${bytes(instance.bytes)} in ${instance.files} files`,
      `    created ${instance.created}, last used ${instance.lastUsed}`,
    );
    for (const directory of instance.directories) lines.push(`    ${directory}`);
  }
  for (const { label, taskId, runId, since } of listing.filling)
    lines.push(`  being filled by ${label} (${taskId} run ${runId}) since ${since}`);
  return `${lines.join('\n')}\n`;
}

/** All caches of the newest run. */
function lastRun(reports: readonly LeaseReport[]): LeaseReport[] {
  const newest = reports[0];
  return reports.filter(({ taskId, runId }) => taskId === newest?.taskId && runId === newest.runId);
}

function whyText(reports: readonly LeaseReport[]): string {
  const lines: string[] = [];
  for (const { name, mountPoint, warmth, at, ending } of reports) {
    const warm = warmth.state === 'warm';
    const use = {
      state: warmth.state,
      why: warm ? null : warmth.why,
      generation: warm ? warmth.generation : null,
      ageSeconds: warm ? warmth.ageSeconds : null,
    };
    lines.push(`${mountPoint} ${name}`, `  ${at}: ${describeCache(use)}`);
    if (!warm) lines.push(...(warmth.changed ?? []).map((change) => `  ${describeChange(change)}`));
    lines.push(`  afterwards: ${ending ?? 'the run goes on'}`);
  }
  return `${lines.join('\n')}\n`;
}
