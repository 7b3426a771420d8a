// What it costs to run a trivial task through the worker, claim to resolved: with each engine, with a warm cache, and with
// run-task and a warm cache (after `npm run build`), beside the sandbox alone (its mounts and `crun run`, without queue,
// leases, log and artifacts) and beside a bare `crun run` on the same bundle. All take turns in one run; prints medians,
// ratios, and for each where the time goes; `cleared` is what comes after the task was resolved. BENCH_DIR: where the home lies. --rounds N
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { bundled } from './bundled.mjs';
import { stopwatch, watched } from './overhead/stages.mjs';
import { cacheTask, trivialTask } from './overhead/tasks.mjs';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '25' } } });
const warmUps = 2;
const [{ openEmbeddedQueue }, { openStore }, { ociEngine }, { processEngine }, { runTask }, { slugid }] =
  await Promise.all(
    [
      'src/queue/embedded/embedded-queue.ts',
      'src/caches/open-store.ts',
      'src/worker/engines/oci/oci.ts',
      'src/worker/engines/process.ts',
      'src/worker/run.ts',
      'src/base/slugid.ts',
    ].map(bundled),
  );

/** crun refuses machines with both versions of control groups: the second is hidden from it, as the engine does. */
const hidden = 'umount -l /sys/fs/cgroup/unified 2>/dev/null; exec "$@"';
const dist = join(import.meta.dirname, '../dist');
const home = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'caisson-overhead-'));
const watch = stopwatch();
let resolvedAt = 0;
const queue = await openEmbeddedQueue({ home });
const store = await openStore(join(home, 'caches'));
const engines = { oci: ociEngine(), process: processEngine() };
const digestFile = join(dist, 'run-task.sha256');
const digest = existsSync(digestFile) ? readFileSync(digestFile, 'utf8').trim() : null;
const standAlone = join(dist, 'executables', `${process.platform}-${process.arch}`, 'run-task');
const program = existsSync(standAlone) ? standAlone : join(dist, 'run-task.mjs');
const parts = {
  queue: watched(queue, watch, ['claimWork', 'createArtifact', 'reportCompleted']),
  store: {
    ...store,
    lease: async (request) =>
      watched(await watched(store, watch, ['lease']).lease(request), watch, ['commit']),
  },
  engines: {
    oci: { ...engines.oci, prepare: prepareWith(engines.oci) },
    process: { ...engines.process, prepare: prepareWith(engines.process) },
  },
  home,
  rootUrl: 'http://127.0.0.1:1',
  runTask: { path: digest === null ? '/bin/true' : program, digest: digest ?? '' },
  network: 'host',
  sandboxMounts: [],
  disk: { makeRoom: async () => {}, watch: () => () => {} },
  emit: ({ type }) => {
    if (type === 'resolved') resolvedAt = performance.now();
  },
};

const cases = {
  process: () => throughWorker('process', trivialTask('process', slugid())),
  oci: () => throughWorker('oci', trivialTask('oci', slugid())),
  'oci, a warm cache': () => throughWorker('oci', cacheTask(slugid(), 'true')),
  ...(digest === null
    ? {}
    : {
        [`oci, ${basename(program)}, a warm cache`]: () =>
          throughWorker('oci', cacheTask(slugid(), 'run-task')),
      }),
  'sandbox alone': sandboxAlone,
  ...(spawnSync('crun', ['--version']).status === 0 ? { 'bare crun run': await bareCrun() } : {}),
};
const times = {};
const stages = {};
for (let round = -warmUps; round < Number(options.rounds); round++) {
  for (const [name, run] of Object.entries(cases)) {
    watch.reset();
    const start = performance.now();
    await run();
    const end = performance.now();
    const taken = (resolvedAt > start ? resolvedAt : end) - start;
    if (resolvedAt > start) watch.add('cleared', end - resolvedAt);
    if (round < 0) continue;
    (times[name] ??= []).push(taken);
    for (const [stage, ms] of watch.stages()) ((stages[name] ??= {})[stage] ??= []).push(ms);
  }
}
for (const name of Object.keys(cases)) report(name);
await store.drain();
await queue.close();
rmSync(home, { recursive: true, force: true });

function prepareWith(engine) {
  return async (request) =>
    watched(await watched(engine, watch, ['prepare']).prepare(request), watch, [
      'execute',
      Symbol.asyncDispose,
    ]);
}

async function throughWorker(engine, task) {
  // Made beforehand in real runs; a synchronous transaction, hence cheap beside the rest.
  const taskId = slugid();
  await queue.createTask(taskId, task);
  const request = { workerGroup: 'bench', workerId: 'bench', tasks: 1, waitMs: 0 };
  const [claim] = await parts.queue.claimWork('local/bench', request);
  await runTask({ ...parts, engine }, claim, new AbortController().signal);
  const { state } = await queue.status(taskId);
  if (state !== 'completed') throw new Error(`${engine}: the task is ${state}: ${home}`);
}

/** The sandbox of a task without the worker around it: what crun and the mounts cost. */
async function sandboxAlone() {
  const scratch = mkdtempSync(join(home, 'sandbox-'));
  const request = { id: 'bench', scratch, commands: [['true']], env: {}, mounts: [], network: 'host' };
  const sandbox = await engines.oci.prepare(request);
  const exit = await sandbox.execute(() => {}, new AbortController().signal);
  await sandbox[Symbol.asyncDispose]();
  if (exit.code !== 0) throw new Error(`the sandbox ended with ${JSON.stringify(exit)}`);
}

/** `crun run` on a bundle that a sandbox has left, with nothing of ours around it. */
async function bareCrun() {
  const scratch = mkdtempSync(join(home, 'bare-'));
  const request = { id: 'bare', scratch, commands: [['true']], env: {}, mounts: [], network: 'host' };
  const sandbox = await engines.oci.prepare(request);
  await sandbox.execute(() => {}, new AbortController().signal);
  await sandbox[Symbol.asyncDispose]();
  const state = join(home, 'crun');
  const crun = ['crun', '--cgroup-manager=disabled', '--root', state, 'run', '--bundle', scratch, 'bare'];
  return () => execFileSync('unshare', ['--mount', 'sh', '-c', hidden, 'sh', ...crun], { stdio: 'pipe' });
}

function report(name) {
  const list = times[name];
  const ratios = ['sandbox alone', 'bare crun run']
    .filter((other) => other !== name && other in times)
    .map((other) => `${(median(list) / median(times[other])).toFixed(2)} × ${other}`);
  console.log(
    `${name}: ${median(list).toFixed(1)} ms (least ${Math.min(...list).toFixed(1)}), ${ratios.join(', ')}`,
  );
  const parts = Object.entries(stages[name] ?? {}).map(
    ([stage, all]) => `${stage} ${median(all).toFixed(1)}`,
  );
  if (parts.length > 0) console.log(`    ${parts.join(', ')}`);
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
