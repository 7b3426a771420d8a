// Time to lease, commit, roll back, purge and fork a cache of 0, 10,000 and 300,000 files (1,000,000 with `--million`),
// beside what other tools do when they give a task its files: chown -R, cp -a, tar and zstd there and back, rm -rf.
// Prints medians and the ratio to the cheapest of those. BENCH_DIR: where the store lies.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { bundled } from './bundled.mjs';

const { openStore } = await bundled('src/caches/open-store.ts');
const rounds = 7;
const sizes = [0, 10_000, 300_000, ...(process.argv.includes('--million') ? [1_000_000] : [])];
const record = { protocol: 1, platform: { implementation: 'docker-worker', os: 'linux' } };

for (const files of sizes) {
  const folder = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'caisson-bench-'));
  console.log(`${files} files`);
  const others = compare(folder, files);
  for (const backEnd of ['overlay', 'direct']) await measure(join(folder, backEnd), files, backEnd, others);
  rmSync(folder, { recursive: true, force: true });
}

function fill(directory, files) {
  for (let i = 0; i < files; i++) {
    if (i % 1000 === 0) mkdirSync(join(directory, `d${i / 1000}`));
    writeFileSync(join(directory, `d${Math.floor(i / 1000)}`, String(i)), 'x');
  }
}

function compare(folder, files) {
  const tree = join(folder, 'tree');
  mkdirSync(tree);
  fill(tree, files);
  const archive = join(folder, 'tree.tar.zst');
  const zstd = spawnSync('zstd', ['--version']).status === 0 ? ['--zstd'] : ['-z'];
  mkdirSync(join(folder, 'unpacked'));
  const commands = {
    'chown -R': ['chown', '-R', '12345', tree],
    'cp -a': ['cp', '-a', tree, join(folder, 'copy')],
    [`tar ${zstd[0]}`]: ['tar', '-C', tree, ...zstd, '-cf', archive, '.'],
    'tar -x': ['tar', '-C', join(folder, 'unpacked'), ...zstd, '-xf', archive],
    'rm -rf': ['rm', '-rf', join(folder, 'copy')],
  };
  const times = {};
  for (const [name, [program, ...args]] of Object.entries(commands)) {
    const start = performance.now();
    execFileSync(program, args);
    times[name] = performance.now() - start;
  }
  console.log(
    `  ${Object.entries(times)
      .map(([name, ms]) => `${name} ${ms.toFixed(0)} ms`)
      .join(', ')}`,
  );
  return { give: Math.min(times['chown -R'], times['cp -a']), remove: times['rm -rf'] };
}

async function measure(root, files, backEnd, others) {
  const store = await openStore(root, { backEnd });
  const request = (level, more = {}) => ({
    name: `bench-level-${level}-files-v1-00000000000000000000`,
    trustDomain: 'bench',
    level,
    shortName: 'files',
    record,
    mountPoint: '/cache',
    holder: { taskId: 'AAAAAAAAQQGAAAAAAAAAAA', runId: 0, label: 'bench' },
    shareDown: true,
    ...more,
  });
  const times = { lease: [], commit: [], 'roll back': [], purge: [], fork: [] };
  const timed = async (name, work) => {
    const start = performance.now();
    const result = await work();
    times[name].push(performance.now() - start);
    return result;
  };
  const warm = async (lease) => {
    if (lease.warmth.state !== 'warm') throw new Error(`cold: ${lease.warmth.why}`);
    const { mount } = lease;
    writeFileSync(join(mount.kind === 'bind' ? mount.source : mount.upper, 'changed'), String(Math.random()));
    return lease;
  };
  const cold = await store.lease(request('3'));
  fill(cold.mount.source, files);
  await cold.commit();
  await store.drain();
  for (let round = 0; round < rounds; round++) {
    const lease = await warm(await timed('lease', () => store.lease(request('3'))));
    await timed('commit', () => lease.commit());
    if (backEnd === 'direct') continue;
    const fork = await warm(await timed('fork', () => store.lease(request('1'))));
    await timed('roll back', () => fork.rollBack('bench'));
  }
  // On the direct back end that is the end of the instance.
  const last = await warm(await store.lease(request('3')));
  if (backEnd === 'direct') await timed('roll back', () => last.rollBack('bench'));
  else await last.commit();
  await timed('purge', () => store.purge(request('3').name, 'bench'));
  const parts = Object.entries(times).map(([name, list]) => {
    if (list.length === 0) return `${name}: none`;
    const median = list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
    const other = name === 'roll back' || name === 'purge' ? others.remove : others.give;
    return `${name} ${median.toFixed(2)} ms (${(other / median).toFixed(0)}×)`;
  });
  console.log(`  ${backEnd}: ${parts.join(', ')}`);
  await store.drain();
}
