import { spawnSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { FailureError } from '../../../src/base/failure.ts';
import { openStore } from '../../../src/caches/open-store.ts';
import type { BackEnd, Lease, LeaseRequest } from '../../../src/caches/store.ts';
import { inside } from '../inside.ts';
import { requestOf } from '../store-request.ts';
import { fork, trusted } from './expected.ts';

/**
 * Everything that a store does, once: `node scenario-process.ts ROOT BACKEND [plain|durable]`. Prints a line when a step is
 * over: its number, and `done` or `failed`. Whoever started it kills it, has calls of the system fail, or records it: then
 * (`plain`, `durable`) tasks only make files, in the run's own directory and not in a mount.
 */
const [root, backEnd, recorded] = process.argv.slice(2);
const options = { backEnd: backEnd as BackEnd, durable: recorded === 'durable', epochLength: 12 };
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

const steps: readonly (() => Promise<unknown>)[] = [
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
for (const [number, step] of steps.entries()) {
  try {
    await step();
    writeSync(1, `${number} done\n`);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    writeSync(1, `${number} failed: ${error.message}\n`);
  }
}
