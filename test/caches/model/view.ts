import * as fs from 'node:fs';
import { join } from 'node:path';

/** Names and contents of a flat tree. */
export type Tree = ReadonlyMap<string, string>;

/** What overlayfs shows of layers, uppermost first: the first that has a name has it, a whiteout takes it away. */
export function readLayers(layers: readonly string[]): Map<string, string> {
  const tree = new Map<string, string>();
  const gone = new Set<string>();
  for (const layer of layers) {
    for (const { name, isWhiteout } of namesOf(layer)) {
      if (tree.has(name) || gone.has(name)) continue;
      if (isWhiteout) gone.add(name);
      else tree.set(name, fs.readFileSync(join(layer, name), 'utf8'));
    }
  }
  return tree;
}

function namesOf(layer: string): { name: string; isWhiteout: boolean }[] {
  return fs
    .readdirSync(layer, { withFileTypes: true })
    .map((entry) => ({ name: entry.name, isWhiteout: entry.isCharacterDevice() }));
}

export function writeTree(folder: string, tree: Tree): void {
  for (const [name, text] of tree) fs.writeFileSync(join(folder, name), text);
}

export function isSame(a: Tree, b: Tree): boolean {
  return a.size === b.size && [...a].every(([name, text]) => b.get(name) === text);
}
