import * as fs from 'node:fs';
import { join } from 'node:path';
import type { Lease } from '../../../src/caches/store.ts';
import type { Held, History, Process } from './history.ts';
import { readLayers, type Tree } from './view.ts';
import * as model from './world.ts';

/** Changes something in a tree that nobody has mounted. Null: that is all. */
export function tamper({ worlds, tampered, random, root, log }: History): null {
  const layers = worlds[0]!.instances.flatMap(({ generations }) => generations.flatMap(({ chain }) => chain));
  if (layers.length === 0) return null;
  const layer = random.pick(layers);
  const inUse = worlds.flatMap(({ leases }) =>
    leases.flatMap(({ from, base }) => [...(from?.generation.chain ?? []), ...base]),
  );
  const [level = '', id = ''] = layer.split('/');
  const path = join(root, `level-${level}`, 'layers', id);
  if (inUse.includes(layer) || !fs.existsSync(path)) return null;
  log.push(`somebody plants a file in ${layer}`);
  fs.writeFileSync(join(path, 'planted'), 'evil');
  tampered.add(layer);
  return null;
}

export function writable({ random, orphans }: History, { held }: Process): Held | null {
  const mine = held.filter(({ lease }) => !orphans.has(lease.id));
  return mine.length === 0 ? null : random.pick(mine);
}

/** Whoever wants files of an owner sees that owner's, by a map or without. */
export function checkOwner({ id, from, mount }: Lease, tree: Tree, { owner, maps }: model.User): void {
  const map = mount.kind === 'overlay' ? mount.owners : undefined;
  const disk = model.ownerOf(tree);
  if (from === null || owner === null || (map === undefined && disk === owner)) return;
  const isMapped =
    maps &&
    mount.kind === 'overlay' &&
    map?.disk.uid === disk &&
    map?.disk.gid === disk &&
    map.task.uid === owner;
  const seen = isMapped ? fs.readFileSync(mount.requirements ?? '', 'utf8') : '';
  if (map?.task.gid !== owner || seen !== model.requirementsOf(owner))
    throw new Error(`${id} is given files of ${disk} as those of ${owner}: ${JSON.stringify(map)} ${seen}`);
}

/** As run-task says whose a cache is. */
export function require({ mount }: Lease, tree: Map<string, string>, owner: number): void {
  const text = model.requirementsOf(owner);
  const path = join(mount.kind === 'bind' ? mount.source : mount.upper, model.requirementsName);
  fs.rmSync(path, { force: true });
  fs.writeFileSync(path, text);
  tree.set(model.requirementsName, text);
}

/** What a task does to a leased tree, as overlayfs lays it down. */
export function write({ random, whiteout, log }: History, { lease, tree }: Held): void {
  const { mount } = lease;
  const isMapped = mount.kind === 'overlay' && mount.owners !== undefined;
  const name = random.pick(['f0', 'f1', 'f2', 'f3', isMapped ? 'f4' : model.requirementsName]);
  const path = join(mount.kind === 'bind' ? mount.source : mount.upper, name);
  fs.rmSync(path, { force: true });
  if (tree.has(name) && random.chance(40)) {
    log.push(`a task removes ${name} in ${lease.id}`);
    tree.delete(name);
    if (mount.kind === 'overlay' && readLayers(mount.lower).has(name)) fs.linkSync(whiteout, path);
    return;
  }
  if (name === model.requirementsName) {
    const owner = random.pick([54_321, 54_322]);
    log.push(`a task gives ${lease.id} to ${owner}`);
    require(lease, tree, owner);
    return;
  }
  const text = `${lease.id} ${random.below(1e6)}`;
  log.push(`a task writes ${name} in ${lease.id}`);
  fs.writeFileSync(path, text);
  tree.set(name, text);
}
