// Time to lease and return a cache of 0, 10,000 and 300,000 files, beside `chown -R`, what a worker that has no
// content in its cache names does on every mount. Prints the medians and the ratio.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { bundled } from './bundled.mjs';

const { openStore } = await bundled('src/caches/open-store.ts');
const rounds = 20;

for (const files of [0, 10_000, 300_000]) {
  const root = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'caisson-bench-'));
  const store = await openStore(root);
  const request = {
    name: 'bench-level-1-files-v1-00000000000000000000',
    trustDomain: 'bench',
    level: '1',
    shortName: 'files',
    record: null,
    mountPoint: '/cache',
    holder: { taskId: 'AAAAAAAAQQGAAAAAAAAAAA', runId: 0, label: 'bench' },
  };
  const first = await store.lease(request);
  for (let i = 0; i < files; i++) {
    if (i % 1000 === 0) mkdirSync(join(first.mount.source, `d${i / 1000}`));
    writeFileSync(join(first.mount.source, `d${Math.floor(i / 1000)}`, String(i)), 'x');
  }
  await first.commit();
  await store.drain();
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const lease = await store.lease(request);
    if (lease.mount.kind === 'overlay') writeFileSync(join(lease.mount.upper, 'changed'), String(round));
    if (lease.warmth.state !== 'warm') throw new Error(`cold: ${lease.warmth.why}`);
    await lease.commit();
    times.push(performance.now() - start);
    await store.drain();
  }
  const [listing] = await store.list();
  const start = performance.now();
  execFileSync('chown', ['-R', `${process.getuid()}`, listing.instances[0].directories[0]]);
  const chown = performance.now() - start;
  const median = times.sort((a, b) => a - b)[rounds / 2];
  console.log(
    `${files} files: lease and return ${median.toFixed(2)} ms (worst ${times.at(-1).toFixed(2)}), chown -R ${chown.toFixed(1)} ms, ratio ${(chown / median).toFixed(1)}`,
  );
  rmSync(root, { recursive: true, force: true });
}
