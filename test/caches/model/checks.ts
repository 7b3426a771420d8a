import * as fs from 'node:fs';
import { basename, join } from 'node:path';
import type { CacheListing } from '../../../src/caches/store.ts';
import type { History, Process } from './history.ts';
import { isSame, readLayers } from './view.ts';
import { merge, newest, type World } from './world.ts';

/** The world, with the merges that the store has made meanwhile; null when the store lists something else. */
export function fitListing(world: World, listed: readonly CacheListing[]): World | null {
  let fitted = world;
  const instances = listed.flatMap((one) => one.instances);
  if (instances.length !== world.instances.length) return null;
  for (const { id, generations, directories } of instances) {
    const chain = directories.map((path) => `${/level-(\d)/.exec(path)?.[1] ?? ''}/${basename(path)}`);
    const expected = fitted.instances.find((one) => one.id === id);
    if (expected === undefined || newest(expected).number !== generations) return null;
    const served = newest(expected).chain;
    if (served.join() === chain.join()) continue;
    const kept = chain.length - 1;
    const last = chain[kept];
    const isMerge = served.slice(0, kept).join() === chain.slice(0, kept).join() && kept < served.length;
    if (!isMerge || last === undefined) return null;
    fitted = merge(fitted, served.slice(kept), last);
  }
  return fitted;
}

/** What is on disk is what is listed, in content too, and nothing else. */
export async function checkDisk(history: History, { machine, store }: Process): Promise<void> {
  await machine.run(() => store.drain());
  const { openLeases, layers } = await machine.run(() => store.diagnose());
  if (openLeases !== 0) throw new Error(`${openLeases} leases are open for ever`);
  const found = ['1', '2', '3'].flatMap((level) =>
    ['runs', 'layers', 'doomed'].flatMap((folder) =>
      namesIn(join(history.root, `level-${level}`, folder)).map((name) => `${level}/${folder}/${name}`),
    ),
  );
  const odd = found.filter((path) => !/^\d\/layers\/[0-9a-f]{16}$/.test(path));
  if (odd.length > 0 || found.length !== layers)
    throw new Error(`left on disk: ${JSON.stringify(odd)}, ${found.length} trees for ${layers} layers`);
  const names = namesIn(history.root).filter(
    (name) => !/^(ledger(\.reserve|\.damaged-[^/]*)?|level-[123])$/.test(name),
  );
  if (names.length > 0) throw new Error(`left in the root: ${names.join()}`);
  checkLedger(join(history.root, 'ledger'));
  const problems = (await machine.run(() => store.verify())).filter(
    ({ layer }) => layer === null || !history.tampered.has(layer),
  );
  if (problems.length > 0) throw new Error(problems.map(({ problem }) => problem).join('; '));
  checkTrees(history, await machine.run(() => store.list()));
}

function checkLedger(ledger: string): void {
  for (const name of namesIn(ledger)) {
    const isEpoch = /^\d{6}$/.test(name);
    const odd = isEpoch ? namesIn(join(ledger, name)).filter((entry) => !/^\d{8}$/.test(entry)) : [];
    if (odd.length > 0 || (!isEpoch && !/^\d{6}\.jsonl$/.test(name)))
      throw new Error(`left in the ledger: ${name} ${odd.join()}`);
  }
}

function checkTrees({ worlds, tampered }: History, listed: readonly CacheListing[]): void {
  for (const { id, directories } of listed.flatMap(({ instances }) => instances)) {
    const tree = readLayers(directories);
    const expected = worlds.flatMap(({ instances }) => instances.filter((one) => one.id === id).map(newest));
    const isChanged = expected.some(({ chain }) => chain.some((layer) => tampered.has(layer)));
    if (!isChanged && !expected.some((generation) => isSame(generation.tree, tree)))
      throw new Error(`instance ${id} holds ${JSON.stringify([...tree])}`);
  }
}

function namesIn(folder: string): string[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
}
