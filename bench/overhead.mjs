// What it costs to run a trivial task through the worker, claim to resolved, for each engine, beside the sandbox
// alone: its mounts and `crun run`, without queue, leases, log and artifacts, and beside a bare
// `crun run` on the same bundle. Prints the medians of 50 and the ratio.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { bundled } from './bundled.mjs';

const rounds = 50;
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
const unmixed = ['--mount', 'sh', '-c', 'umount -l /sys/fs/cgroup/unified 2>/dev/null; exec "$@"', 'sh'];

const home = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'caisson-overhead-'));
const queue = await openEmbeddedQueue({ home });
const store = await openStore(join(home, 'caches'));
const payloads = {
  oci: { image: 'none', command: ['true'], maxRunTime: 60 },
  process: { command: [['true']], maxRunTime: 60, mounts: [] },
};
const parts = {
  queue,
  store,
  engines: { oci: ociEngine(), process: processEngine() },
  home,
  rootUrl: 'http://127.0.0.1:1',
  runTask: { path: '/bin/true', digest: '' },
  network: 'host',
  sandboxMounts: [],
  disk: { watch: () => () => {} },
  emit: () => {},
};

for (const engine of ['process', 'oci']) {
  const times = [];
  for (let round = 0; round < rounds + 3; round++) {
    const taskId = slugid();
    await queue.createTask(taskId, definition(payloads[engine]));
    const start = performance.now();
    const request = { workerGroup: 'bench', workerId: 'bench', tasks: 1, waitMs: 0 };
    const [claim] = await queue.claimWork('local/bench', request);
    await runTask({ ...parts, engine }, claim, new AbortController().signal);
    if (round >= 3) times.push(performance.now() - start);
    const { state } = await queue.status(taskId);
    if (state !== 'completed') throw new Error(`${engine}: the task is ${state}`);
  }
  report(engine, times);
}
report('sandbox alone', await sandboxAlone());
if (spawnSync('crun', ['--version']).status === 0) report('bare crun run', await bareCrun());
await queue.close();
rmSync(home, { recursive: true, force: true });

function definition(payload) {
  const now = Date.now();
  return {
    taskQueueId: 'local/bench',
    schedulerId: 'bench',
    taskGroupId: slugid(),
    dependencies: [],
    requires: 'all-completed',
    routes: [],
    priority: 'low',
    retries: 0,
    created: new Date(now).toISOString(),
    deadline: new Date(now + 3.6e6).toISOString(),
    expires: new Date(now + 7.2e6).toISOString(),
    scopes: [],
    payload,
    metadata: { name: 'bench', description: '', owner: 'bench@localhost', source: 'file:///' },
    tags: {},
    extra: {},
  };
}

/** The sandbox of a task without the worker around it: what crun and the mounts cost. */
async function sandboxAlone() {
  const engine = ociEngine();
  const times = [];
  for (let round = 0; round < rounds + 3; round++) {
    const scratch = mkdtempSync(join(home, 'sandbox-'));
    const start = performance.now();
    const request = {
      id: `bench-${round}`,
      scratch,
      commands: [['true']],
      env: {},
      mounts: [],
      network: 'host',
    };
    const sandbox = await engine.prepare(request);
    const exit = await sandbox.execute(() => {}, new AbortController().signal);
    await sandbox[Symbol.asyncDispose]();
    if (round >= 3) times.push(performance.now() - start);
    if (exit.code !== 0) throw new Error(`the sandbox ended with ${JSON.stringify(exit)}`);
  }
  return times;
}

/** `crun run` on a bundle that a sandbox has left, with nothing of ours around it. */
async function bareCrun() {
  const scratch = mkdtempSync(join(home, 'bare-'));
  const request = { id: 'bare', scratch, commands: [['true']], env: {}, mounts: [], network: 'host' };
  const sandbox = await ociEngine().prepare(request);
  await sandbox.execute(() => {}, new AbortController().signal);
  const config = readdirSync(scratch, { recursive: true }).find((path) => path.endsWith('config.json'));
  const bundle = dirname(join(scratch, config));
  const times = [];
  for (let round = 0; round < rounds + 3; round++) {
    const start = performance.now();
    const words = [
      '--cgroup-manager=disabled',
      '--root',
      join(home, 'crun'),
      'run',
      '--bundle',
      bundle,
      `bare-${round}`,
    ];
    execFileSync('unshare', [...unmixed, 'crun', ...words], { stdio: 'pipe' });
    if (round >= 3) times.push(performance.now() - start);
  }
  await sandbox[Symbol.asyncDispose]();
  return times;
}

function report(what, times) {
  const sorted = times.sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  report.medians ??= new Map();
  report.medians.set(what, median);
  const ratios = [...report.medians].map(([other, value]) => `${(median / value).toFixed(2)} × ${other}`);
  console.log(
    `${what}: ${median.toFixed(1)} ms (least ${sorted[0].toFixed(1)}), ${ratios.slice(0, -1).join(', ')}`,
  );
}
