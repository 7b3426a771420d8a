import type { Place } from '../../base/diagnostic.ts';
import { readNodes, type YamlNode, type YamlPair } from './yaml-nodes.ts';

export type DataPath = readonly (string | number)[];

/** A place, and how many steps of the path led to it: fewer than asked for when the rest is not there. */
export interface Found {
  readonly place: Place;
  readonly depth: number;
}

/** Where the parts of a YAML text are that has no mistakes. Reads the text once more: only for messages. */
export class SourceMap {
  private readonly file: string;
  private readonly text: string;
  private readonly root: YamlNode;
  /** where lines start */
  private readonly lines: readonly number[];
  /** by key, of mappings that were looked into: thousands of mistakes may be in one file */
  private readonly pairs = new WeakMap<YamlNode, ReadonlyMap<string, YamlPair>>();

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text.replace(/^\uFEFF/, '');
    this.root = readNodes(this.text);
    this.lines = [0, ...[...this.text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  }

  /** Follows a path through mappings, lists, aliases and merge keys as far as it goes. */
  find(path: DataPath): Found {
    let node: YamlNode | undefined = this.root;
    let found: Found = { place: this.placeOfRange(0, 0), depth: 0 };
    for (const [index, step] of path.entries()) {
      const target: YamlNode | undefined = resolve(node);
      const pair = target?.kind === 'mapping' ? this.findPair(target, String(step)) : undefined;
      const item = target?.kind === 'sequence' && typeof step === 'number' ? target.items[step] : undefined;
      node = pair?.value ?? item;
      if (node === undefined) break;
      const place = pair === undefined ? this.placeOfRange(node.start, node.end) : this.placeOfPair(pair);
      found = { place, depth: index + 1 };
    }
    return found;
  }

  /** The keys of the mapping at a path, in the order of the file, as text. */
  keysOf(path: DataPath): string[] {
    let node = resolve(this.root);
    for (const step of path) node = node && resolve(this.findPair(node, String(step))?.value);
    return node === undefined ? [] : [...new Set(keysOf(node))];
  }

  /** Keys that a mapping has twice, but for the last of each, which counts. */
  duplicates(): { readonly key: string; readonly place: Place; readonly last: Place }[] {
    const found: { key: string; place: Place; last: Place }[] = [];
    const look = (node: YamlNode): void => {
      const counting = this.ownPairs(node);
      for (const pair of node.pairs) {
        const last = counting.get(pair.key.text);
        if (last !== undefined && last !== pair && !pair.key.isMerge)
          found.push({ key: pair.key.text, place: this.placeOfPair(pair), last: this.placeOfPair(last) });
        look(pair.key);
        look(pair.value);
      }
      node.items.forEach(look);
    };
    look(this.root);
    return found;
  }

  private findPair(mapping: YamlNode, key: string): YamlPair | undefined {
    const own = this.ownPairs(mapping).get(key);
    if (own !== undefined) return own;
    for (const source of mapping.pairs.flatMap(mergedBy)) {
      const merged = this.findPair(source, key);
      if (merged !== undefined) return merged;
    }
    return undefined;
  }

  /** The last of equal keys counts, and any of them more than what is merged in. */
  private ownPairs(mapping: YamlNode): ReadonlyMap<string, YamlPair> {
    const known = this.pairs.get(mapping);
    if (known !== undefined) return known;
    const own = mapping.pairs.filter(({ key }) => !key.isMerge);
    const made = new Map(own.map((pair) => [pair.key.text, pair]));
    this.pairs.set(mapping, made);
    return made;
  }

  /** From the key to the end of the value when that is a scalar on the same line, else the key alone. */
  private placeOfPair({ key, value }: YamlPair): Place {
    const isOneLine = value.kind === 'scalar' && !this.text.slice(key.start, value.end).includes('\n');
    return this.placeOfRange(key.start, isOneLine ? value.end : key.end);
  }

  private placeOfRange(start: number, end: number): Place {
    let line = 0;
    for (let step = 2 ** Math.floor(Math.log2(this.lines.length)); step >= 1; step /= 2)
      if ((this.lines[line + step] ?? Infinity) <= start) line += step;
    const from = this.lines[line]!;
    const text = this.text.slice(from, this.lines[line + 1]).replace(/\r?\n$/, '');
    const length = Math.max(1, Math.min(end, from + text.length) - start);
    return { file: this.file, line: line + 1, column: start - from + 1, length, text };
  }
}

function resolve(node: YamlNode | undefined): YamlNode | undefined {
  return node?.kind === 'alias' ? node.target : node;
}

function keysOf(mapping: YamlNode): string[] {
  return mapping.pairs.flatMap((pair) => (pair.key.isMerge ? mergedBy(pair).flatMap(keysOf) : pair.key.text));
}

/** The mappings that a key `<<` merges in; none of another key. */
function mergedBy({ key, value }: YamlPair): YamlNode[] {
  const target = key.isMerge ? resolve(value) : undefined;
  const sources = target?.kind === 'sequence' ? target.items : [target];
  return sources.flatMap((source) => resolve(source) ?? []);
}
