// What grows with the number of layers, and with the number of caches.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { head, median, ms, row } from './figures.mjs';
import { timeInside, timeMount } from './mounted.mjs';
import { requestFor } from './request.mjs';
import { fillTree } from './trees.mjs';

const files = 20_000;

/** Layers of a chain by hand, as the store would merge them meanwhile. */
export function benchLayers({ disk, overlayOptions, rounds }) {
  console.log(`\n### ${files} files in layers\n`);
  head('layers', 'mount', 'walk (find -size)', 'read all', 'look up 2,000 names that are not there');
  for (const layers of [1, 2, 4, 8, 16, 31]) {
    const folder = mkdtempSync(join(disk.path, 'layers-'));
    const lower = Array.from({ length: layers }, (_, at) => join(folder, `l${at}`));
    for (const [at, path] of lower.entries()) {
      mkdirSync(path);
      // The lowest has the tree; each of the others changes a file here and there.
      if (at === layers - 1) fillTree(path, files);
      else fillTree(path, 300);
    }
    const [upper, work] = [join(folder, 'upper'), join(folder, 'work')];
    for (const path of [upper, work]) mkdirSync(path);
    const mount = { kind: 'overlay', lower, upper, work, options: overlayOptions };
    const missing = 'i=0; while [ $i -lt 2000 ]; do [ -e a1/b120/none-$i ] || i=$((i+1)); done';
    const scripts = ['find . -type f -size +1M', 'find . -type f -print0 | xargs -0 cat', missing];
    const times = scripts.map((script) =>
      median(Array.from({ length: rounds }, () => timeInside(mount, script))),
    );
    row(layers, ms(timeMount(mount)), ...times.map(ms));
  }
}

export async function benchInstances({ openStore, disk, rounds }) {
  console.log('\n### caches in one store\n');
  head('caches', 'open the store', 'lease', 'commit', 'roll back');
  const root = mkdtempSync(join(disk.path, 'instances-'));
  let made = 0;
  for (const caches of [1, 10, 100, 1000]) {
    const filling = await openStore(root, { backEnd: 'overlay' });
    for (; made < caches; made++) {
      const lease = await filling.lease(requestFor(`cache-${made}`));
      writeFileSync(join(lease.mount.source, 'x'), 'x');
      await lease.commit();
    }
    await filling.drain();
    const start = performance.now();
    const store = await openStore(root, { backEnd: 'direct' });
    await store.list();
    const opened = performance.now() - start;
    const times = { lease: [], commit: [], rollBack: [] };
    for (let round = 0; round < rounds; round++) {
      for (const end of ['commit', 'rollBack']) {
        const before = performance.now();
        const lease = await filling.lease(requestFor('cache-0'));
        times.lease.push(performance.now() - before);
        writeFileSync(join(lease.mount.upper, 'x'), String(round));
        const ending = performance.now();
        await lease[end]('bench');
        times[end].push(performance.now() - ending);
        await filling.drain();
      }
    }
    row(caches, ms(opened), ...Object.values(times).map((list) => ms(median(list))));
  }
}
