// Time and memory of `caisson graph` on repositories of 1,000 to 50,000 tasks and on real ones, beside a peer that
// takes the same flags, in turns. Prints medians, ratios and how both grow.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { serveEmptyIndex } from './graph/empty-index.mjs';
import { hasGnuTime, measure, medians } from './graph/measure.mjs';
import { realRepositories } from './graph/real.mjs';
import { makeRepository } from './graph/repository.mjs';

const top = join(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: {
    /** the peer's command, words apart by spaces; without one only ours is measured */
    peer: { type: 'string', default: process.env.PEER ?? '' },
    /** another build's command in the place of ours */
    ours: { type: 'string', default: `${process.execPath} ${join(top, 'dist/cli.mjs')} graph` },
    rounds: { type: 'string', default: '5' },
    /** sizes of the growth table */
    tasks: { type: 'string', default: '1000,2500,5000,10000,20000,50000' },
    /** sizes at which every phase is measured */
    'phase-tasks': { type: 'string', default: '5000,20000' },
    phases: { type: 'string', default: 'full,target,target-graph,optimized,morphed' },
    corpus: { type: 'string', default: join(top, '../shared/conformance/graph') },
  },
});
const rounds = Number(options.rounds);
const sides = new Map([['ours', wordsOf(options.ours)]]);
if (options.peer !== '') sides.set('peer', wordsOf(options.peer));

const scratch = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'caisson-graph-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
const index = await serveEmptyIndex();
const env = { ...cleanEnvironment(), TASKCLUSTER_ROOT_URL: index.rootUrl };

const load = () => `load ${loadavg()[0].toFixed(1)}`;
console.log(`node ${process.version}, ${availableParallelism()} processors, ${load()} at the start`);
console.log(
  `medians of ${rounds} runs in turns; s: from start to end, cpu: processor seconds, MB: at the peak`,
);
for (const [side, words] of sides) console.log(`${side}: ${words.join(' ')}`);
if (!hasGnuTime) console.log('no processor time and memory: they need GNU time at /usr/bin/time');

await growth();
await phases();
await real();
console.log(`\n${load()} at the end`);
index.close();

/** `full` as labels and as JSON, for each size. */
async function growth() {
  const rows = [];
  for (const size of sizesOf(options.tasks)) {
    const repository = generated(size);
    for (const output of ['labels', 'JSON']) {
      const { labels: tasks, ...figures } = await compare(repository, 'full', output);
      rows.push({ tasks, output, ...figures });
    }
    rmSync(repository.top, { recursive: true });
  }
  print('graph full of generated repositories', rows);
  for (const output of ['labels', 'JSON']) {
    sayGrowth(
      output,
      rows.filter((row) => row.output === output),
    );
  }
}

/** Every phase as JSON, at few sizes. */
async function phases() {
  const names = options.phases.split(',').filter(Boolean);
  const rows = [];
  for (const size of names.length === 0 ? [] : sizesOf(options['phase-tasks'])) {
    const repository = generated(size);
    for (const phase of names) {
      const { labels: printed, ...figures } = await compare(repository, phase, 'JSON');
      rows.push({ phase, tasks: repository.tasks, printed, ...figures });
    }
    rmSync(repository.top, { recursive: true });
  }
  rows.sort((a, b) => names.indexOf(a.phase) - names.indexOf(b.phase));
  print('phases as JSON', rows);
  for (const phase of names) {
    sayGrowth(
      phase,
      rows.filter((row) => row.phase === phase),
    );
  }
}

async function real() {
  const repositories = realRepositories(resolve(options.corpus), scratch);
  if (repositories.length === 0) console.log(`\nno real repositories: no corpus at ${options.corpus}`);
  const rows = [];
  for (const repository of repositories) {
    const { labels: tasks, ...figures } = await compare(repository, 'full', 'labels');
    rows.push({ repository: repository.name, tasks, ...figures });
  }
  print('graph full of real repositories, labels', rows);
}

function generated(size) {
  const folder = join(scratch, `tasks-${size}`);
  mkdirSync(folder, { recursive: true });
  return { top: folder, root: 'taskcluster', ...makeRepository(folder, size) };
}

/**
 * One phase of one repository by all sides, in turns, after one run of each that does not count.
 * @returns how many labels each prints, and each side's figures
 * @throws when the sides do not print the same labels, as their times would say nothing
 */
async function compare({ top: cwd, root, parameters }, phase, output) {
  const flags = [phase, '--root', root, '--parameters', parameters, output === 'JSON' ? '-J' : '-L'];
  const files = new Map([...sides.keys()].map((side) => [side, join(scratch, `${side}.out`)]));
  const run = (side) => measure([...sides.get(side), ...flags], { cwd, env, output: files.get(side) });
  for (const side of sides.keys()) await run(side);
  const [labels, others] = [...files.values()].map((file) => labelsOf(file, output));
  if (others !== undefined && labels.join('\n') !== others.join('\n')) {
    throw new Error(
      `${cwd}, ${phase}: ours has ${labels.length} labels, the peer ${others.length}, not the same`,
    );
  }
  const taken = new Map([...sides.keys()].map((side) => [side, []]));
  for (let round = 0; round < rounds; round++) {
    for (const side of sides.keys()) taken.get(side).push(await run(side));
  }
  const [ours, peer] = [...taken.values()].map(medians);
  return { labels: labels.length, ours, peer };
}

function labelsOf(file, output) {
  const text = readFileSync(file, 'utf8');
  const labels =
    output === 'JSON' ? Object.values(JSON.parse(text)).map(({ label }) => label) : text.split('\n');
  return labels.filter((label) => label !== '').sort();
}

function print(title, rows) {
  if (rows.length === 0) return;
  const table = rows.map(({ ours, peer, ...keys }) => ({
    ...keys,
    'out MB': ours.written.toFixed(1),
    ...columns('', ours),
    ...(peer && { ...columns('peer ', peer), ...ratios(ours, peer) }),
  }));
  const names = Object.keys(table[0]);
  const lines = [names, ...table.map((row) => names.map((name) => String(row[name])))];
  const widths = names.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  console.log(`\n${title}`);
  for (const line of lines) console.log(line.map((cell, i) => cell.padStart(widths[i])).join('  '));
}

function columns(side, { seconds, processor, memory }) {
  return {
    [`${side}s`]: seconds.toFixed(3),
    ...(hasGnuTime && { [`${side}cpu`]: processor.toFixed(2), [`${side}MB`]: memory.toFixed(0) }),
  };
}

/** How many times as much the peer takes. */
function ratios(ours, peer) {
  const ratio = (name) => (peer[name] / ours[name]).toFixed(1);
  return { 's ratio': ratio('seconds'), ...(hasGnuTime && { 'cpu ratio': ratio('processor') }) };
}

/**
 * What each further task costs from one size to the next: the same all the way when the growth is linear. Processor
 * time, which other processes disturb least, where it is known.
 */
function sayGrowth(what, rows) {
  const figure = hasGnuTime ? 'processor' : 'seconds';
  for (const side of rows.length < 2 ? [] : sides.keys()) {
    const steps = rows.slice(1).map((row, i) => {
      const before = rows[i];
      const micros = ((row[side][figure] - before[side][figure]) * 1e6) / (row.tasks - before.tasks);
      return `${micros.toFixed(0)} to ${row.tasks}`;
    });
    console.log(`${what}, ${side}: µs for each further task ${steps.join(', ')}`);
  }
}

function sizesOf(text) {
  return text.split(',').filter(Boolean).map(Number);
}

/** The words of a command, those that are paths absolute. */
function wordsOf(command) {
  return command.split(' ').map((word) => (existsSync(word) ? resolve(word) : word));
}

/** Ours without what would tell a compiler that it runs inside a task. */
function cleanEnvironment() {
  const told = /^(TASK_ID|RUN_ID|MOZ_AUTOMATION|TASKCLUSTER_.*|TASKGRAPH_.*|GIT_.*)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !told.test(name)));
}
