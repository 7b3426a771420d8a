import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { fail } from '../../base/failure.ts';
import type { BlastRadius, Store } from '../../caches/store.ts';
import { matchesPattern } from '../cache-patterns.ts';
import { openCaches } from '../open-caches.ts';
import { asJson } from '../output/json.ts';
import { type LedgerLine, ledgerLines } from '../output/ledger-words.ts';
import { columns } from '../output/terminal.ts';
import { parseSince, sinceExamples } from '../since.ts';

interface LogOptions {
  readonly since?: string;
  readonly name?: string;
  readonly taintedBy?: string;
  readonly purge?: true;
  readonly json?: true;
}

export function addCacheLogCommand(cache: Command): void {
  cache
    .command('log')
    .description('what happened to caches, oldest first; or everything that a task may have tainted')
    .option('--since <when>', sinceExamples)
    .option('--name <pattern>', 'only caches of that name; * stands for any text')
    .option(
      '--tainted-by <task>',
      'every generation that the task wrote, and every run that started from one',
    )
    .option('--purge', 'with --tainted-by: make exactly those generations unusable')
    .option('--json', 'as JSON')
    .action(async (options: LogOptions) => {
      if (options.taintedBy !== undefined) return printTainted(options.taintedBy, options);
      if (options.purge) fail('usage', '--purge needs --tainted-by', 'or caisson cache purge NAME');
      const lines = await chooseLines(options);
      process.stdout.write(options.json ? asJson(lines) : logText(lines));
    });
}

async function chooseLines({ since, name }: LogOptions): Promise<LedgerLine[]> {
  const from = since === undefined ? 0 : parseSince(since, systemClock.now());
  const lines: LedgerLine[] = [];
  for (const line of ledgerLines((await openCaches()).entries())) {
    if (Date.parse(line.at) < from) continue;
    if (name === undefined || line.caches.some((cache) => matchesPattern(name, cache))) lines.push(line);
  }
  return lines;
}

/** Machinery that is about no cache is in the JSON only. */
function logText(lines: readonly LedgerLine[]): string {
  return lines
    .filter(({ caches, kind }) => caches.length > 0 || kind === 'begin')
    .map(({ at, caches, what }) => `${at} ${caches.length === 0 ? '' : `${caches.join(', ')}: `}${what}\n`)
    .join('');
}

async function printTainted(taskId: string, { since, name, purge, json }: LogOptions): Promise<void> {
  if (since !== undefined || name !== undefined)
    fail(
      'usage',
      '--tainted-by follows the task through all caches and all time',
      'leave out --since and --name',
    );
  const store = await openCaches();
  const radius = await store.taintedBy(taskId);
  if (radius.runs.length === 0)
    fail(
      'usage',
      `the task ${taskId} has used no cache here`,
      'caisson cache log has the ids of the tasks that have',
    );
  if (purge) await purgeTainted(store, taskId);
  const after = purge ? await store.taintedBy(taskId) : radius;
  process.stdout.write(json ? asJson(after) : taintedText(after, taskId));
}

async function purgeTainted(store: Store, taskId: string): Promise<void> {
  const { generations } = await store.purgeTainted(taskId, 'caisson cache log');
  const count = generations.filter(({ present }) => present).length;
  process.stderr.write(`caisson: ${count} generations purged\n`);
  await store.drain();
}

function taintedText({ generations, runs }: BlastRadius, taskId: string): string {
  const wrote = generations.map(({ name, instance, number, at, writer, present }) => [
    name,
    instance,
    String(number),
    at,
    `${writer.label} (${writer.taskId} run ${writer.runId})`,
    present ? 'yes' : 'no',
  ]);
  const others = runs.filter((run) => run.taskId !== taskId);
  const lines = [
    ...(wrote.length === 0
      ? [`nothing that ${taskId} wrote became a generation`]
      : columns([['NAME', 'INSTANCE', 'GENERATION', 'WRITTEN', 'BY', 'STILL THERE'], ...wrote])),
    '',
    others.length === 0 ? 'no other task started from any of it' : 'tasks that started from it:',
    ...others.map(({ label, taskId: id, runId }) => `  ${label} (${id} run ${runId})`),
  ];
  return `${lines.join('\n')}\n`;
}
