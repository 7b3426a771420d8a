// run-task beside the Python one: start-up, ownership of many files, output, fetches. As root.
//   node bench/run-task.mjs [--peer 'python3 -u …/run-task'] [--only startup,chown,output,fetch] [--rounds N] [--files N]
// The peer and its fetch-content must be where every user can read them; BENCH_DIR: a folder in memory, to leave the disk out.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    peer: { type: 'string', default: process.env.PEER ?? '' },
    only: { type: 'string', default: 'startup,chown,output,fetch' },
    rounds: { type: 'string', default: '15' },
    files: { type: 'string', default: '300000' },
  },
});
const dist = join(import.meta.dirname, '../dist');
const executable = join(dist, 'executables', `${process.platform}-${process.arch}`, 'run-task');
const forms = {
  ...(options.peer === '' ? {} : { peer: options.peer.split(' ') }),
  bundle: [join(dist, 'run-task.mjs')],
  ...(existsSync(executable) ? { executable: [executable] } : {}),
};
const home = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'caisson-run-task-'));
chmodSync(home, 0o755);
const account = ['--user', 'nobody', '--group', 'nogroup'];
const nobody = { uid: 65534, gid: 65534 };

const benches = { startup, chown, output, fetch: fetchArtifacts };
try {
  for (const name of options.only.split(',')) await benches[name]();
} finally {
  rmSync(home, { recursive: true, force: true });
}

function startup() {
  for (const count of [0, 1, 3]) {
    const caches = Array.from({ length: count }, (_, at) => folder(`startup-${count}-${at}`));
    const env = count === 0 ? {} : { TASKCLUSTER_CACHES: caches.join(';') };
    const times = {};
    for (const [form, command] of rotated(Number(options.rounds))) {
      (times[form] ??= []).push(run(command, ['true'], env, false));
    }
    report(`start-up, ${count} warm caches`, times);
  }
}

function chown() {
  const tree = folder('tree');
  const files = Number(options.files);
  for (let at = 0; at < files; at++) {
    if (at % 300 === 0) mkdirSync(join(tree, `d${at / 300}`));
    writeFileSync(join(tree, `d${Math.floor(at / 300)}`, `f${at}`), '');
  }
  const times = {};
  const all = { 'chown -R': null, ...forms };
  for (let round = 0; round < 3; round++) {
    for (const [form, command] of Object.entries(all)) {
      execFileSync('chown', ['-R', '1:1', tree]);
      if (form === 'chown -R') {
        (times[form] ??= []).push(timed('chown', ['-R', '65534:65534', tree], {}));
        continue;
      }
      if (form === 'peer') {
        // Python's run-task takes a cache of another user over, where tasks are not trusted: the same walk.
        writeFileSync(join(tree, '.cacherequires'), 'gid=1\nuid=1\nversion=1');
        chmodSync(join(tree, '.cacherequires'), 0o444);
        execFileSync('chown', ['0:0', join(tree, '.cacherequires')]);
        writeFileSync(join(tree, '.cachelog'), '');
        execFileSync('chown', ['0:0', join(tree, '.cachelog')]);
        const env = { TASKCLUSTER_CACHES: tree, TASKCLUSTER_UNTRUSTED_CACHES: '1' };
        (times[form] ??= []).push(run(command, ['true'], env));
        rmSync(join(tree, '.cacherequires'));
        rmSync(join(tree, '.cachelog'));
        continue;
      }
      (times[form] ??= []).push(run([...command, '--chown-recursive', tree], ['true'], {}));
    }
  }
  report(`owner of ${files} files changed`, times);
  rmSync(tree, { recursive: true });
}

function output() {
  // Lines of 80 bytes, made before: what makes them must not be what is measured.
  const file = join(home, 'lines');
  writeFileSync(file, `${'x'.repeat(79)}\n`.repeat(1_250_000));
  const times = {};
  for (let round = 0; round < 3; round++) {
    for (const [form, command] of Object.entries(forms)) {
      const script = `for i in 1 2 3 4 5 6 7 8 9 10; do cat ${file}; done`;
      (times[form] ??= []).push(run(command, ['sh', '-c', script], {}));
    }
  }
  report(
    '1 GB of output',
    times,
    ({ ms, megabytes }) => `${(1e6 / ms).toFixed(0)} MB/s, ${megabytes} MB of memory`,
  );
}

async function fetchArtifacts() {
  const store = folder('store');
  for (const kind of ['files', 'archives']) {
    const fetches = makeArtifacts(store, kind);
    const server = spawn('python3', [join(import.meta.dirname, 'run-task/artifact-server.py'), store], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const port = await new Promise((resolve) => server.stdout.once('data', (data) => resolve(Number(data))));
    const times = {};
    for (const [form, command] of rotated(3)) {
      const target = folder('fetches');
      const env = {
        MOZ_FETCHES: JSON.stringify(fetches),
        MOZ_FETCHES_DIR: target,
        TASKCLUSTER_ROOT_URL: `http://127.0.0.1:${port}`,
      };
      (times[form] ??= []).push(run(command, ['true'], env));
      rmSync(target, { recursive: true });
    }
    server.kill();
    report(`200 artifacts of 1 MB fetched, ${kind}`, times);
  }
}

function makeArtifacts(store, kind) {
  return Array.from({ length: 200 }, (_, at) => {
    const name = kind === 'files' ? `plain-${at}` : `archive-${at}.tar.gz`;
    const work = join(home, 'work');
    mkdirSync(work, { recursive: true });
    if (kind === 'files') writeFileSync(join(store, name), randomBytes(1 << 20));
    else {
      // ten files that compress to about half
      for (let file = 0; file < 10; file++)
        writeFileSync(join(work, `f${at}-${file}`), randomBytes(105_000).toString('hex'));
      execFileSync('tar', ['czf', join(store, name), '-C', work, '.']);
    }
    rmSync(work, { recursive: true });
    return { artifact: `public/${name}`, task: 'made', extract: kind === 'archives', dest: `d${at}` };
  });
}

function folder(name) {
  const path = join(home, name);
  mkdirSync(path, { recursive: true });
  execFileSync('chown', [`${nobody.uid}:${nobody.gid}`, path]);
  return path;
}

/** Every form `rounds` times in turn. */
function* rotated(rounds) {
  for (let round = 0; round < rounds; round++) yield* Object.entries(forms);
}

/** What a form takes for a command; its log goes nowhere, as fast as it is written. */
function run(form, command, env, withUsage = true) {
  const [program, ...args] = [...form, ...account, '--', ...command];
  return timed(program, args, { TASK_ID: 'bench', ...env }, withUsage);
}

/** Milliseconds; with usage also those of the processor, of all processes, and the largest one's memory. */
function timed(program, args, env, withUsage = true) {
  const usage = join(home, 'usage');
  const timer = withUsage ? ['/usr/bin/time', '-f', '%U %S %M', '-o', usage, '/usr/bin/env'] : [];
  const [first, ...rest] = [...timer, program, ...args];
  const log = openSync('/dev/null', 'w');
  const start = performance.now();
  const done = spawnSync(first, rest, {
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home, ...env },
    stdio: ['ignore', log, 'pipe'],
  });
  const ms = performance.now() - start;
  closeSync(log);
  if (done.status !== 0)
    throw new Error(`${program} ${args.join(' ')}: ${done.status}\n${String(done.stderr).slice(-2000)}`);
  if (!withUsage) return { ms };
  const [user, system, kilobytes] = readFileSync(usage, 'utf8').trim().split(' ').map(Number);
  return { ms, cpu: (user + system) * 1000, megabytes: Math.round(kilobytes / 1024) };
}

function report(title, times, more = () => '') {
  console.log(title);
  const [first] = Object.values(times);
  const [firstName] = Object.keys(times);
  for (const [form, taken] of Object.entries(times)) {
    const ms = median(taken, 'ms');
    const best = taken.toSorted((a, b) => a.ms - b.ms)[0];
    const figures = [`${ms.toFixed(1).padStart(9)} ms, best ${best.ms.toFixed(1)} ms`];
    if (best.cpu !== undefined) figures.push(`cpu ${median(taken, 'cpu').toFixed(0)} ms`);
    if (more(best) !== '') figures.push(more(best));
    if (form !== firstName) {
      const cpu = best.cpu === undefined ? '' : `, cpu ${ratio(first, taken, 'cpu')}×`;
      figures.push(`${ratio(first, taken, 'ms')}× as fast as ${firstName}${cpu}`);
    }
    console.log(`  ${form.padEnd(12)}${figures.join('; ')}`);
  }
}

function ratio(first, taken, what) {
  return (median(first, what) / median(taken, what)).toFixed(1);
}

function median(taken, what) {
  return taken.map((one) => one[what]).toSorted((a, b) => a - b)[Math.floor(taken.length / 2)];
}
