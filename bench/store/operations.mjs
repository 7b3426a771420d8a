// What the store does for a task, beside what others do to give a task its files, to keep them, and to get rid of them.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { head, median, ms, row } from './figures.mjs';
import { timeMount } from './mounted.mjs';
import { requestFor } from './request.mjs';
import { fillTree } from './trees.mjs';

/** Which of the other ways does the same. */
const others = {
  lease: ['chown -R', 'cp -a', 'cp --reflink', 'tar -x'],
  mount: ['chown -R', 'cp -a', 'cp --reflink', 'tar -x'],
  fork: ['cp -a', 'cp --reflink', 'tar -x'],
  commit: ['tar -c'],
  'roll back': ['rm -rf'],
  purge: ['rm -rf'],
};

export async function benchOperations({ openStore, disk, files, rounds }) {
  const folder = join(disk.path, `operations-${files}`);
  mkdirSync(folder);
  const tree = join(folder, 'tree');
  mkdirSync(tree);
  fillTree(tree, files);
  disk.settle();
  console.log(`\n### ${files} files\n`);
  const times = otherWays(folder, tree, disk);
  head('', ...Object.keys(times));
  row('others', ...Object.values(times).map(ms));
  console.log('');
  head('', ...Object.keys(others).map((name) => `${name} (× slower: ${others[name].join(', ')})`));
  for (const backEnd of ['overlay', 'direct']) {
    const root = join(folder, backEnd);
    mkdirSync(root);
    const own = await ours(await openStore(root, { backEnd }), { tree, backEnd, rounds });
    row(backEnd, ...Object.keys(others).map((name) => beside(own[name], others[name], times)));
  }
  // In the background of what comes next it would be in its way; a fresh disk has room.
  if (files > 0) disk.settle();
}

function beside(list, names, times) {
  if (list === undefined) return '–';
  const ratios = names.map((name) => (times[name] === undefined ? '–' : ratio(times[name] / median(list))));
  return `${ms(median(list))} (${ratios.join(', ')})`;
}

function ratio(value) {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

function otherWays(folder, tree, disk) {
  const archive = join(folder, 'tree.tar.zst');
  const zstd = spawnSync('zstd', ['--version']).status === 0 ? '--zstd' : '-z';
  const [unpacked, copy, reflinked] = ['unpacked', 'copy', 'reflinked'].map((name) => join(folder, name));
  mkdirSync(unpacked);
  const commands = {
    'tar -c': ['tar', '-C', tree, zstd, '-cf', archive, '.'],
    'tar -x': ['tar', '-C', unpacked, zstd, '-xf', archive],
    'chown -R': ['chown', '-R', '12345', unpacked],
    'rm -rf': ['rm', '-rf', unpacked],
    'cp -a': ['cp', '-a', tree, copy],
    'cp --reflink': ['cp', '-a', '--reflink=always', tree, reflinked],
  };
  const times = {};
  const canReflink = reflinks(folder);
  for (const [name, [program, ...args]] of Object.entries(commands)) {
    if (name === 'cp --reflink' && !canReflink) continue;
    disk.settle();
    const start = performance.now();
    execFileSync(program, args);
    times[name] = performance.now() - start;
    // A million files have room once beside the tree.
    for (const made of [copy, reflinked]) rmSync(made, { recursive: true, force: true });
  }
  return times;
}

function reflinks(folder) {
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  writeFileSync(from, 'x');
  const can = spawnSync('cp', ['--reflink=always', from, to]).status === 0;
  for (const path of [from, to]) rmSync(path, { force: true });
  return can;
}

/** Times of each operation on a cache that holds a copy of the tree; fewer rounds than layers that are merged. */
async function ours(store, { tree, backEnd, rounds }) {
  const times = {};
  const timed = async (name, work) => {
    const start = performance.now();
    const result = await work();
    (times[name] ??= []).push(performance.now() - start);
    return result;
  };
  const cold = await store.lease(requestFor('files'));
  // Links: what is in the cache is not looked at, only that it is there.
  execFileSync('cp', ['-al', `${tree}/.`, cold.mount.source]);
  await cold.commit();
  await store.drain();
  for (let round = 0; round < rounds; round++) {
    const lease = await warm(await timed('lease', () => store.lease(requestFor('files'))));
    if (round === 0) times.mount = [timeMount(lease.mount)];
    await timed('commit', () => lease.commit());
    await store.drain();
    if (backEnd === 'direct') continue;
    const fork = await warm(await timed('fork', () => store.lease(requestFor('files', '1'))));
    await timed('roll back', () => fork.rollBack('bench'));
    await store.drain();
  }
  // On the direct back end that is the end of the instance.
  if (backEnd === 'direct') {
    const last = await warm(await store.lease(requestFor('files')));
    await timed('roll back', () => last.rollBack('bench'));
  }
  await timed('purge', () => store.purge(requestFor('files').name, 'bench'));
  await store.drain();
  return times;
}

async function warm(lease) {
  if (lease.warmth.state !== 'warm') throw new Error(`cold: ${lease.warmth.why}`);
  const { mount } = lease;
  writeFileSync(join(mount.kind === 'bind' ? mount.source : mount.upper, 'changed'), String(Math.random()));
  return lease;
}
