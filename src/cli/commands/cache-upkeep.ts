import type { Command } from 'commander';
import type { Finding, Store, StoreDiagnosis } from '../../caches/store.ts';
import { err } from '../../base/result.ts';
import { ociEngine } from '../../worker/engines/oci/oci.ts';
import { reconcileScratch } from '../../worker/scratch.ts';
import { openHome } from '../home.ts';
import { type MinFreeOptions, minFreeOf } from '../min-free.ts';
import { openCaches } from '../open-caches.ts';
import { asJson } from '../output/json.ts';
import { bytes, columns } from '../output/terminal.ts';

export function addCacheUpkeepCommands(cache: Command): void {
  cache
    .command('gc')
    .description(
      'end and undo what killed processes left, and evict caches while too little of the disk is free',
    )
    .option(
      '--min-free <size>',
      'evict until that is free: 10GB, 5%; default: 10 GB, at most a tenth of the disk',
    )
    .option('--min-free-files <count>', 'the same for files')
    .option('--dry-run', 'only say what would be done')
    .option('--json', 'as JSON')
    .action(async ({ dryRun, json, ...minFree }: MinFreeOptions & { dryRun?: true; json?: true }) => {
      const store = await openCaches();
      const done = dryRun ? await imagineGc(store, minFree) : await collect(store, minFree);
      process.stdout.write(json ? asJson(done) : gcText(done));
    });
  cache
    .command('verify')
    .description('hold the ledger against itself, and what is on disk against the ledger')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) => {
      const store = await openCaches();
      const problems = await store.verify();
      // With a damaged ledger nobody knows what is garbage.
      const leftovers = problems.some(({ problem }) => problem.startsWith('the ledger is damaged'))
        ? []
        : await store.garbage();
      process.stdout.write(json ? asJson({ problems, leftovers }) : verifyText(problems, leftovers));
      if (problems.length > 0) process.exitCode = 1;
    });
  cache
    .command('doctor')
    .description('how caches work on this machine, and why so; what needs attention')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) => {
      const diagnosis = await (await openCaches()).diagnose();
      const owners = await diagnoseOwners(diagnosis);
      process.stdout.write(json ? asJson({ ...diagnosis, owners }) : doctorText(diagnosis, owners));
    });
}

interface GcReport {
  readonly dryRun: boolean;
  /** what was put right or deleted, or would be: one sentence each */
  readonly done: readonly string[];
  readonly evicted: Awaited<ReturnType<Store['evict']>>;
}

async function collect(store: Store, minFree: MinFreeOptions): Promise<GcReport> {
  const wanted = minFreeOf(store, minFree);
  const done = [...(await reconcileScratch(openHome(process.env))), ...(await store.reconcile())];
  await store.drain();
  const evicted = await store.evict(wanted);
  await store.drain();
  return { dryRun: false, done, evicted };
}

async function imagineGc(store: Store, minFree: MinFreeOptions): Promise<GcReport> {
  const { problems } = await store.diagnose();
  const evicted = await store.evict(minFreeOf(store, minFree), { dryRun: true });
  const deleted = (await store.garbage()).map((path) => `would delete ${path}: nothing refers to it`);
  return { dryRun: true, done: [...problems, ...deleted], evicted };
}

function gcText({ dryRun, done, evicted }: GcReport): string {
  const lines = [
    ...done,
    ...evicted.map(
      ({ name, instance, why, bytes: size }) =>
        `${dryRun ? 'would evict' : 'evicted'} ${name} (${instance}, ${bytes(size)}): ${why}`,
    ),
  ];
  return lines.length === 0 ? 'nothing to do\n' : `${lines.join('\n')}\n`;
}

function verifyText(problems: readonly Finding[], leftovers: readonly string[]): string {
  const lines = problems.flatMap(({ problem, hint }) => [problem, `  hint: ${hint}`]);
  if (leftovers.length > 0)
    lines.push(
      ...leftovers.map((path) => `note: nothing refers to ${path}`),
      '  hint: the next run, or caisson cache gc, deletes it',
    );
  if (problems.length === 0) lines.push('all is as the ledger says');
  return `${lines.join('\n')}\n`;
}

interface OwnersDiagnosis {
  /** are files of one user shown as those of another, so that their caches are warm for both? */
  readonly mapped: boolean;
  readonly why: string;
}

async function diagnoseOwners({ backEnd, root }: StoreDiagnosis): Promise<OwnersDiagnosis> {
  if (backEnd === 'direct') return { mapped: false, why: 'a plain directory is not mapped' };
  const tried = (await ociEngine().mapsOwners?.(root)) ?? err('the engine does not map owners');
  return tried.ok
    ? { mapped: true, why: 'a trial wrote as another user' }
    : { mapped: false, why: tried.error };
}

function doctorText(diagnosis: StoreDiagnosis, owners: OwnersDiagnosis): string {
  const { backEnd, why, root, fileSystem, free, total, ledger, levels, problems } = diagnosis;
  const { type, mountPoint, options, reflink } = fileSystem;
  const rows = [
    ['back end', `${backEnd} (${why})`],
    [
      'owners',
      owners.mapped ? `mapped (${owners.why})` : `not mapped: another user starts cold (${owners.why})`,
    ],
    ['place', root],
    ['file system', `${type} at ${mountPoint} (${options.join(',')})`],
    ['reflink', reflink ? 'yes' : 'no'],
    ['free', `${bytes(free.bytes)} of ${bytes(total.bytes)}, ${inodes(free.inodes, total.inodes)}`],
    ['ledger', `epoch ${ledger.epoch}, ${ledger.entries} entries`],
    ...levels.map((level) => [
      `level ${level.level}`,
      `${level.caches} caches, ${level.instances} instances, ${level.layers} layers (${bytes(level.bytes)} in ${level.files} files), ${level.openLeases} in use`,
    ]),
  ];
  const lines = columns(rows);
  if (levels.length === 0) lines.push('no caches yet');
  lines.push(...problems.map((problem) => `problem: ${problem}`));
  if (problems.length === 0) lines.push('no problems');
  return `${lines.join('\n')}\n`;
}

function inodes(free: number, total: number): string {
  return total === Number.MAX_SAFE_INTEGER ? 'files without limit' : `${free} of ${total} inodes`;
}
