import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import type { Place } from '../../base/diagnostic.ts';
import { resolveScalar } from './yaml-scalar.ts';

export type DataPath = readonly (string | number)[];

/** A place, and how many steps of the path led to it: fewer than asked for when the rest is not there. */
export interface Found {
  readonly place: Place;
  readonly depth: number;
}

/** Where the parts of a YAML text are. Slow to make: only for messages. */
export class SourceMap {
  private readonly file: string;
  private readonly text: string;
  private readonly counter = new LineCounter();
  private readonly document: Document;
  /** by key, of mappings that were looked into: thousands of mistakes may be in one file */
  private readonly pairs = new WeakMap<readonly Pair[], ReadonlyMap<string, Pair>>();

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    this.document = parseDocument(text, {
      version: '1.1',
      merge: true,
      uniqueKeys: false,
      strict: false,
      logLevel: 'silent',
      lineCounter: this.counter,
    });
  }

  /** Follows a path through mappings, lists, aliases and merge keys as far as it goes. */
  find(path: DataPath): Found {
    let node: unknown = this.document.contents;
    let found: Found = { place: this.placeOfRange(0, 0), depth: 0 };
    for (const [index, step] of path.entries()) {
      const target = this.resolve(node);
      if (isMap(target)) {
        const pair = this.findPair(target.items, String(step));
        if (pair === undefined) break;
        found = { place: this.placeOfPair(pair), depth: index + 1 };
        node = pair.value;
      } else if (isSeq(target) && typeof step === 'number' && step < target.items.length) {
        node = target.items[step];
        const range = rangeOf(node);
        if (range !== undefined) found = { place: this.placeOfRange(range[0], range[1]), depth: index + 1 };
      } else {
        break;
      }
    }
    return found;
  }

  /** The keys of the mapping at a path, in the order of the file, as text. */
  keysOf(path: DataPath): string[] {
    let node: unknown = this.resolve(this.document.contents);
    for (const step of path) {
      if (!isMap(node)) return [];
      node = this.resolve(this.findPair(node.items, String(step))?.value);
    }
    return isMap(node) ? [...new Set(node.items.flatMap((pair) => this.keysOfPair(pair)))] : [];
  }

  /** Keys that a mapping has twice, but for the last of each, which counts. */
  duplicates(): { readonly key: string; readonly place: Place; readonly last: Place }[] {
    const found: { key: string; place: Place; last: Place }[] = [];
    visit(this.document, {
      Map: (_, { items }) => {
        const known = new Map<string, Pair[]>();
        for (const pair of items.filter((item) => !isMergeKey(item.key))) {
          const key = keyText(pair.key);
          known.set(key, [...(known.get(key) ?? []), pair]);
        }
        for (const [key, pairs] of known) {
          const last = this.placeOfPair(pairs.at(-1)!);
          for (const pair of pairs.slice(0, -1)) found.push({ key, place: this.placeOfPair(pair), last });
        }
      },
    });
    return found;
  }

  private keysOfPair(pair: Pair): string[] {
    if (!isMergeKey(pair.key)) return [keyText(pair.key)];
    return this.mergedItems(pair.value).flatMap((merged) => this.keysOfPair(merged));
  }

  private findPair(items: readonly Pair[], key: string): Pair | undefined {
    const own = this.ownPairs(items).get(key);
    if (own !== undefined) return own;
    for (const pair of items) {
      if (!isMergeKey(pair.key)) continue;
      const merged = this.findPair(this.mergedItems(pair.value), key);
      if (merged !== undefined) return merged;
    }
    return undefined;
  }

  /** The last of equal keys counts, and any of them more than what is merged in. */
  private ownPairs(items: readonly Pair[]): ReadonlyMap<string, Pair> {
    const known = this.pairs.get(items);
    if (known !== undefined) return known;
    const own = items.filter((pair) => !isMergeKey(pair.key));
    const made = new Map(own.map((pair) => [keyText(pair.key), pair]));
    this.pairs.set(items, made);
    return made;
  }

  private mergedItems(value: unknown): Pair[] {
    const target = this.resolve(value);
    const sources = isSeq(target) ? target.items : [target];
    return sources.flatMap((source) => {
      const mapping = this.resolve(source);
      return isMap(mapping) ? mapping.items : [];
    });
  }

  private resolve(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.document) : node;
  }

  /** From the key to the end of the value when that is a scalar on the same line, else the key alone. */
  private placeOfPair(pair: Pair): Place {
    const key = rangeOf(pair.key) ?? [0, 0];
    const value = isScalar(pair.value) ? rangeOf(pair.value) : undefined;
    const isOneLine = value !== undefined && !this.text.slice(key[0], value[1]).includes('\n');
    return this.placeOfRange(key[0], isOneLine ? value[1] : key[1]);
  }

  private placeOfRange(start: number, end: number): Place {
    const { line, col } = this.counter.linePos(start);
    const from = start - (col - 1);
    const newline = this.text.indexOf('\n', from);
    const text = this.text.slice(from, newline < 0 ? undefined : newline).replace(/\r$/, '');
    const length = Math.max(1, Math.min(end, from + text.length) - start);
    return { file: this.file, line: Math.max(1, line), column: Math.max(1, col), length, text };
  }
}

function rangeOf(node: unknown): readonly [number, number] | undefined {
  if (isPair(node)) return rangeOf(node.key);
  const range = (node as { range?: readonly [number, number, number] | null } | null | undefined)?.range;
  return range ? [range[0], range[1]] : undefined;
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.source === '<<';
}

/** A key as the fast parser has it: what YAML 1.1 makes of it, as text. */
function keyText(key: unknown): string {
  if (!isScalar(key)) return '';
  const { type, source, value } = key;
  if (type !== 'PLAIN' || source === undefined) return String(value);
  const resolved = resolveScalar(source);
  return String(resolved === undefined ? source : resolved);
}
