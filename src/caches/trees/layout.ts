import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ifThere } from '../../base/files.ts';
import type { LayerName } from '../ledger/entry.ts';

export const levels = ['1', '2', '3'] as const;

/** Where trees lie below a store's root. Only ids and levels become paths, never names of caches. */
export class Layout {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get ledger(): string {
    return join(this.root, 'ledger');
  }

  layer(name: LayerName): string {
    const match = /^([123])\/([0-9a-f]{16})$/.exec(name);
    if (match === null) throw new Error(`no layer: ${name}`);
    return join(this.layers(match[1]!), match[2]!);
  }

  layers(level: string): string {
    return join(this.root, `level-${level}`, 'layers');
  }

  runs(level: string): string {
    return join(this.root, `level-${level}`, 'runs');
  }

  doomed(level: string): string {
    return join(this.root, `level-${level}`, 'doomed');
  }

  /** What a run or a merge has while it is open. */
  run(level: string, id: string): { readonly folder: string; readonly upper: string; readonly work: string } {
    const folder = join(this.runs(level), id);
    return { folder, upper: join(folder, 'upper'), work: join(folder, 'work') };
  }
}

/** Empty when the folder is not there. */
export function entriesOf(folder: string): string[] {
  return ifThere(() => readdirSync(folder), ['ENOENT', 'ENOTDIR']) ?? [];
}
