// The same work of a task in a plain directory and on layers, caches of the kernel cold and warm.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { head, median, ms, row } from './figures.mjs';
import { timeInside } from './mounted.mjs';
import { requestFor } from './request.mjs';
import { fillTree } from './trees.mjs';

const rewriting =
  'const fs=require("fs");for(const f of fs.readFileSync(0,"utf8").trim().split("\\n")){fs.readFileSync(f);const d=fs.openSync(f,"r+");fs.writeSync(d,"y",10);fs.closeSync(d)}';
const renaming =
  'const fs=require("fs");for(const f of fs.readFileSync(0,"utf8").trim().split("\\n"))fs.renameSync(f,"../w/"+f)';
const table =
  'create table t(k integer primary key, v); with recursive n(i) as (select 1 union all select i + 1 from n where i <';

/** `fill`: what is in the cache already; `$M` has material from outside. */
const tasks = {
  'walk 50,000 files': { fill: 'cp -a $M/many w', work: 'find w -type f -size +1M' },
  'read 50,000 files': { fill: 'cp -a $M/many w', work: 'find w -type f -print0 | xargs -0 cat' },
  'unpack 100,000 new files': { fill: 'true', work: 'tar xf $M/huge.tar' },
  'npm ci: delete 20,000 files, unpack them again': {
    fill: 'mkdir w; tar xf $M/packages.tar -C w',
    work: 'rm -rf w; mkdir w; tar xf $M/packages.tar -C w',
  },
  'git clone, 5,000 files': { fill: 'true', work: 'git clone -q --no-local $M/repository c' },
  'git pull, 200 of 5,000 files changed': {
    fill: 'git clone -q --no-local $M/repository c; git -C c reset -q --hard HEAD~1',
    work: 'git -C c pull -q --ff-only',
  },
  'ccache: read and rewrite 5,000 files of 20 kB in place': {
    fill: 'cp -a $M/objects w',
    work: `find w -type f | '${process.execPath}' -e '${rewriting}'`,
  },
  'ccache: replace 5,000 files of 20 kB by rename': {
    fill: 'cp -a $M/objects w',
    work: `cp -a $M/objects n; cd n; find . -type f | '${process.execPath}' -e '${renaming}'`,
  },
  'SQLite: 200 updates in a file of 50 MB': { fill: 'cp $M/50.db db', work: 'sqlite3 db < $M/updates.sql' },
  'SQLite: 200 updates in a file of 200 MB': { fill: 'cp $M/200.db db', work: 'sqlite3 db < $M/updates.sql' },
  'chown -R of 20,000 files': { fill: 'mkdir w; tar xf $M/packages.tar -C w', work: 'chown -R 12345 w' },
};

export async function benchTasks({ openStore, disk, material, rounds, only }) {
  console.log('\n### tasks: plain directory, layers, ratio\n');
  head('', 'plain, warm', 'layers, warm', 'ratio', 'plain, cold', 'layers, cold', 'ratio');
  for (const [name, task] of Object.entries(tasks)) {
    if (!name.includes(only)) continue;
    const figures = [];
    const root = mkdtempSync(join(disk.path, 'task-'));
    const env = { M: material };
    await fillCache(openStore, join(root, 'store'), task.fill, env);
    for (const isCold of [false, true]) {
      const times = { plain: [], layers: [] };
      for (let round = 0; round < rounds; round++) {
        const plain = join(root, 'plain');
        mkdirSync(plain);
        timeInside({ kind: 'bind', source: plain }, task.fill, env);
        makeReady(disk, isCold);
        times.plain.push(timeInside({ kind: 'bind', source: plain }, task.work, env));
        rmSync(plain, { recursive: true });
        makeReady(disk, isCold);
        const store = await openStore(join(root, 'store'), { backEnd: 'overlay' });
        const lease = await store.lease(requestFor('task'));
        times.layers.push(timeInside(lease.mount, task.work, env));
        await lease.rollBack('bench');
        await store.drain();
      }
      const [plain, layers] = [median(times.plain), median(times.layers)];
      figures.push(ms(plain), ms(layers), (layers / plain).toFixed(1));
    }
    row(name, ...figures);
  }
}

async function fillCache(openStore, root, script, env) {
  const store = await openStore(root, { backEnd: 'overlay' });
  const cold = await store.lease(requestFor('task'));
  timeInside(cold.mount, `${script}; touch .filled`, env);
  await cold.commit();
  await store.drain();
}

function makeReady(disk, isCold) {
  if (isCold) disk.makeCold();
  else disk.settle();
}

/** Sources, archives, repositories and databases that tasks read, in a folder beside the caches. */
export function makeMaterial(folder) {
  mkdirSync(folder);
  for (const [name, files, bytes] of [
    ['many', 50_000, 100],
    ['huge', 100_000, 100],
    ['packages', 20_000, 2000],
    ['objects', 5000, 20_000],
    ['sources', 5000, 2000],
  ])
    fillTree(join(folder, name), files, bytes);
  const update = (_, at) => `update t set v = randomblob(900) where k = ${at * 200 + 1};`;
  const updates = ['PRAGMA synchronous=NORMAL;', ...Array.from({ length: 200 }, update)].join('\n');
  const script = `
    tar cf huge.tar -C huge . ; rm -r huge; tar cf packages.tar -C packages .; rm -r packages
    git init -q repository; cd repository; git config user.email bench@localhost; git config user.name bench
    mv ../sources/* .; git add .; git commit -qm 1
    for i in $(seq 0 199); do echo $i >> a0/b$((i % 50))/file-$((i % 50 * 100 + i / 50)); done; git commit -qam 2; cd ..
    for m in 50 200; do
      sqlite3 $m.db "${table} $m * 1000) insert into t select i, randomblob(900) from n;"
    done
    cat > updates.sql`;
  execFileSync('sh', ['-ec', script], { cwd: folder, input: updates, stdio: ['pipe', 'ignore', 'inherit'] });
}
