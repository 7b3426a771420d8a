// The store of caches, on a fresh file system (needs root, perl, a loop device):
// - operations: lease, mount, fork, commit, roll back, purge of a cache of 0, 10,000, 300,000 files (1,000,000 with `--million`),
//   beside chown -R, cp -a, cp --reflink where the file system can (`--fs xfs`), tar and zstd, rm -rf;
// - tasks: what file-heavy tasks pay for layers, beside the plain directory, cold and warm;
// - layers, instances: what grows with their number.
//   node bench/store.mjs [--only operations,tasks,layers,instances] [--task WORD] [--fs ext4] [--rounds N]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundled } from './bundled.mjs';
import { freshDisk } from './store/disk.mjs';
import { benchInstances, benchLayers } from './store/growth.mjs';
import { benchOperations } from './store/operations.mjs';
import { benchTasks, makeMaterial } from './store/tasks.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'operations,tasks,layers,instances' },
    files: { type: 'string', default: '0,10000,300000' },
    million: { type: 'boolean', default: false },
    task: { type: 'string', default: '' },
    fs: { type: 'string', default: 'ext4' },
    rounds: { type: 'string', default: '' },
  },
});
const [{ openStore }, { overlayOptions }] = await Promise.all(
  ['src/caches/open-store.ts', 'src/caches/trees/overlay.ts'].map(bundled),
);
const rounds = (usual) => Number(options.rounds || usual);
const sizes = [...options.files.split(',').map(Number), ...(options.million ? [1_000_000] : [])];
let disk;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    disk?.remove();
    process.exit(1);
  });
}
disk = freshDisk(options.fs);
const common = { openStore, disk };
const benches = {
  async operations() {
    for (const files of sizes) await benchOperations({ ...common, files, rounds: rounds(7) });
  },
  async tasks() {
    const material = join(disk.path, 'material');
    makeMaterial(material);
    await benchTasks({ ...common, material, rounds: rounds(3), only: options.task });
  },
  async layers() {
    benchLayers({ disk, overlayOptions, rounds: rounds(3) });
  },
  async instances() {
    await benchInstances({ ...common, rounds: rounds(9) });
  },
};
try {
  for (const name of options.only.split(',')) await benches[name]();
} finally {
  disk.remove();
}
