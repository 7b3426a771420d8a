// What tasks pay for layers: the same work on a warm cache of each back end, in one run, mount to unmount. Prints both
// times and the ratio; the last rows show how it grows with the number of layers. Needs root. BENCH_DIR: where it lies.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { bundled } from './bundled.mjs';

const { openStore } = await bundled('src/caches/open-store.ts');
const node = (script) => `"${process.execPath}" -e '${script}'`;
const write = (directory, files, bytes) =>
  node(
    `const fs=require("fs");for(let i=0;i<${files};i++){const d="${directory}/"+Math.floor(i/500);if(i%500==0)fs.mkdirSync(d,{recursive:true});fs.writeFileSync(d+"/"+i,Buffer.alloc(${bytes},i%256))}`,
  );
const rewrite = (directory, files) =>
  node(
    `const fs=require("fs");for(let i=0;i<${files};i++){const f=fs.openSync("${directory}/"+Math.floor(i/500)+"/"+i,"r+");fs.writeSync(f,"y",10);fs.closeSync(f)}`,
  );
const repository = 'git init -q r; cd r; git config user.email a@b; git config user.name a';

/** What fills the cache, and what is measured in it then. */
const tasks = {
  'walk 50,000 files': [write('w', 50_000, 100), 'find w -type f -size +1M | wc -l'],
  'read 50,000 files': [write('w', 50_000, 100), 'cat $(find w -type f) | wc -c'],
  'untar 20,000 new files': [`${write('w', 20_000, 2000)}; tar cf t.tar w; rm -r w`, 'tar xf t.tar'],
  'replace 20,000 files (npm ci)': [write('w', 20_000, 2000), `rm -r w; ${write('w', 20_000, 2000)}`],
  'rewrite 5,000 files of 20 kB in place (ccache)': [write('w', 5000, 20_000), rewrite('w', 5000)],
  'commit and check out 5,000 files (git)': [
    `${repository}; ${write('s', 5000, 2000)}; git add .; git commit -qm 1`,
    `cd r; for i in 0 1 2; do echo $i >> s/$i/$((i*500)); done; git commit -qam 2; git checkout -q HEAD~1; git gc -q`,
  ],
  'change a few pages of a file of 500 MB (SQLite)': [
    'head -c 500M /dev/zero > db',
    node(
      'const fs=require("fs");const f=fs.openSync("db","r+");for(let i=0;i<100;i++)fs.writeSync(f,"x",i*4e6);fs.fsyncSync(f)',
    ),
  ],
  'chown -R of 20,000 files': [write('w', 20_000, 2000), 'chown -R 12345 w'],
};

for (const [name, [first, work]] of Object.entries(tasks)) {
  const direct = await time('direct', first, work);
  const overlay = await time('overlay', first, work);
  console.log(`${name}: direct ${ms(direct)}, overlay ${ms(overlay)}, ${(overlay / direct).toFixed(2)}×`);
}
for (const layers of [1, 4, 8, 16, 31]) {
  const walk = await time('overlay', write('w', 20_000, 100), 'find w -type f -size +1M | wc -l', layers);
  console.log(`walk 20,000 files in ${layers} layers: ${ms(walk)}`);
}

async function time(backEnd, first, work, layers = 1) {
  const root = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'caisson-bench-'));
  const store = await openStore(root, { backEnd });
  const holder = { taskId: 'AAAAAAAAQQGAAAAAAAAAAA', runId: 0, label: 'bench' };
  const request = {
    name: 'a',
    trustDomain: 'b',
    level: '1',
    shortName: 'a',
    record: null,
    mountPoint: '/a',
    holder,
  };
  const cold = await store.lease(request);
  inside(cold, first);
  await cold.commit();
  for (let layer = 1; layer < layers; layer++) {
    const lease = await store.lease(request);
    inside(lease, `touch w/0/layer-${layer}`);
    await lease.commit();
  }
  const lease = await store.lease(request);
  const start = performance.now();
  inside(lease, work);
  const taken = performance.now() - start;
  await lease.rollBack('bench');
  await store.drain();
  rmSync(root, { recursive: true, force: true });
  return taken;
}

function inside({ mount }, script) {
  if (mount.kind === 'bind') {
    execFileSync('sh', ['-ec', script], { cwd: mount.source });
    return;
  }
  const place = join(mount.upper, '../merged');
  mkdirSync(place);
  const layers = [`lowerdir=${mount.lower.join(':')}`, `upperdir=${mount.upper}`, `workdir=${mount.work}`];
  const options = [...layers, ...mount.options].join(',');
  const mounted = 'mount -t overlay overlay -o "$0" "$1"; cd "$1"; sh -ec "$2"; cd /; umount "$1"';
  const done = spawnSync('unshare', ['--mount', 'sh', '-ec', mounted, options, place, script], {
    encoding: 'utf8',
  });
  if (done.status !== 0) throw new Error(done.stderr);
}

function ms(time) {
  return time < 10_000 ? `${time.toFixed(0)} ms` : `${(time / 1000).toFixed(1)} s`;
}
