import { spawnSync } from 'node:child_process';
import { writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { FailureError } from '../../../src/base/failure.ts';
import { epochName, seqName } from '../../../src/caches/ledger/numbers.ts';
import { openStore } from '../../../src/caches/open-store.ts';
import type { BackEnd, Lease, LeaseRequest } from '../../../src/caches/store.ts';
import { inside } from '../inside.ts';
import { requestOf } from '../store-request.ts';
import { epochLengths, fork, type LifeName, trusted, unexpected } from './expected.ts';

/**
 * A life of a store: `node scenario-process.ts ROOT BACKEND [plain|durable [usual|long|damaged]]`. `usual` is everything that a
 * store does, once; `expected.ts` says what the others are. Prints a line when a step is over: its number, and `done` or
 * `failed`. Whoever started it kills it, has calls of the system fail, or records it: then (`plain`, `durable`) tasks only
 * make files, in the run's own directory and not in a mount.
 */
const [root, backEnd, recorded, life = 'usual'] = process.argv.slice(2);
/** days, by which the store's clock is late */
let late = 0;
const options = {
  backEnd: backEnd as BackEnd,
  durable: recorded === 'durable',
  epochLength: epochLengths[life as LifeName],
  clock: { now: () => Date.now() - late * 24 * 3600 * 1000 },
};
/** Where a call of the store was left out, for whoever records it; see `mutants.ts`. */
Object.assign(globalThis, { leftOut: () => writeSync(1, 'left out\n') });
const store = await openStore(root!, options);
const work = (lease: Lease, script: string): void => {
  if (recorded === undefined) return void inside(lease, script);
  const { mount } = lease;
  const cwd = mount.kind === 'bind' ? mount.source : mount.upper;
  const { status, stderr } = spawnSync('sh', ['-ec', script], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script}: ${stderr}`);
};
const change = recorded === undefined ? 'rm gone; mv d e; echo 2 >> e/file' : 'echo 2 > more';
const run = async (request: LeaseRequest, script: string): Promise<void> => {
  const lease = await store.lease(request);
  try {
    work(lease, script);
  } catch (error) {
    // The task has failed; nothing of it is kept.
    await lease.rollBack(String(error));
    return;
  }
  await lease.commit();
};
const runInVain = async (): Promise<void> => (await store.lease(requestOf('x'))).rollBack('by plan');

type Steps = readonly (() => Promise<unknown>)[];
const usual: Steps = [
  () => run(requestOf('a'), 'mkdir d; echo 1 > d/file; echo old > gone'),
  () => run(requestOf('a'), change),
  () => run(requestOf('b'), 'echo b > file'),
  async () => {
    const lease = await store.lease(requestOf('b'));
    work(lease, 'echo half >> file');
    await lease.rollBack('by plan');
  },
  () => run(requestOf('c'), 'echo c > file'),
  () => store.purge('c', 'somebody'),
  async () => {
    const kept = await store.lease(requestOf('a'));
    await run(requestOf('d'), 'echo d > file');
    if (backEnd === 'direct') await kept.commit();
    else await kept.rollBack('by plan');
  },
  () => store.drain(),
  () => store.compact(1),
  () => run(trusted, 'echo trusted > file'),
  () => run(fork, 'echo more >> file'),
  () => store.reconcile(),
  () => store.drain(),
  () => store.evict({ bytes: 1e15, inodes: 0 }),
  () => store.drain(),
];

/** What is long past is told no more, chains are merged, and a purge is the first that an epoch says. */
const long: Steps = [
  async () => {
    late = 100;
    await run(requestOf('a'), 'echo 1 > file');
  },
  () => store.drain(),
  () => store.purge('a', 'somebody'),
  async () => {
    for (let times = 0; times < 3; times++) await runInVain();
    await store.drain();
  },
  async () => {
    late = 0;
    await run(requestOf('b'), 'mkdir d; echo b > d/file');
  },
  () => store.drain(),
  () => store.reconcile(),
  () => store.drain(),
  () => run(requestOf('b'), 'echo 2 > two'),
  () => run(requestOf('b'), 'echo 3 > three'),
  () => store.drain(),
  async () => {
    const [told] = await store.compact(1);
    const wanted = backEnd === 'overlay' ? 'b: 3 layers were merged' : undefined;
    if (told !== wanted) throw new Error(`${unexpected}: ${told}, not ${wanted}`);
  },
  () => store.drain(),
  () => run(requestOf('c'), 'echo c > file'),
  () => store.drain(),
  async () => {
    const { epoch } = (await store.diagnose()).ledger;
    while ((await store.diagnose()).ledger.epoch === epoch) await runInVain();
  },
  () => store.purge('c', 'somebody'),
  () => store.drain(),
];

/** The next entry is not whole. */
const damaged: Steps = [
  () => run(requestOf('a'), 'echo 1 > file'),
  async () => {
    await store.drain();
    const { epoch, entries } = (await store.diagnose()).ledger;
    writeFileSync(join(root!, 'ledger', epochName(epoch), seqName(entries + 1)), 'half of');
  },
  () => run(requestOf('b'), 'echo b > file'),
];

const lives: Readonly<Record<LifeName, Steps>> = { usual, long, damaged };
for (const [number, step] of lives[life as LifeName].entries()) {
  try {
    await step();
    writeSync(1, `${number} done\n`);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    writeSync(1, `${number} failed: ${error.message}\n`);
  }
}
