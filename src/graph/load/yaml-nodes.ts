import { load, type State } from 'js-yaml';
import { yaml11 } from './yaml-schema.ts';

/** A part of a YAML text, from its first letter behind anchor and tag to its last: offsets in UTF-16 units. */
export class YamlNode {
  readonly kind: 'mapping' | 'sequence' | 'scalar' | 'alias';
  readonly start: number;
  readonly end: number;
  /** what a scalar is as a key */
  text = 'null';
  /** as a key it is `<<` */
  isMerge = false;
  /** of a mapping; of equal keys all are there */
  pairs: readonly YamlPair[] = [];
  /** of a sequence */
  items: readonly YamlNode[] = [];
  /** of an alias */
  target: YamlNode | undefined = undefined;

  constructor(kind: YamlNode['kind'], start: number, end: number) {
    this.kind = kind;
    this.start = start;
    this.end = end;
  }
}

export interface YamlPair {
  readonly key: YamlNode;
  readonly value: YamlNode;
}

/** What the parser has when it leaves a node; its own types leave out some. */
interface Left extends State {
  readonly tag: string | null;
  readonly anchor: string | null;
}

/**
 * The nodes of a YAML text without mistakes, by the parser that reads its values: a key there is one here. A text
 * without any is an empty scalar.
 */
export function readNodes(text: string): YamlNode {
  const anchors = new Map<string, YamlNode>();
  const root: YamlNode[] = [];
  const open = [{ from: 0, parts: root }];
  load(text, {
    schema: yaml11,
    json: true,
    listener: (event, state) => {
      if (event === 'open') {
        open.push({ from: state.position, parts: [] });
        return;
      }
      const left = state as Left;
      const { from, parts } = open.pop()!;
      const node = nodeOf(text, from, parts, left, anchors);
      if (left.anchor !== null) anchors.set(left.anchor, node);
      open.at(-1)!.parts.push(node);
    },
  });
  return root[0] ?? emptyAt(0);
}

/** A node as the parser tells of it: after all its parts, without saying which of them are keys. */
function nodeOf(
  text: string,
  from: number,
  parts: readonly YamlNode[],
  { kind, position, result, tag }: Left,
  anchors: ReadonlyMap<string, YamlNode>,
): YamlNode {
  const bare = behindProperties(text, from);
  const start = behindBlanks(text, bare);
  const first = parts[0];
  // Until it is clear that a block is no mapping, the parser has read all of it as the first key.
  const told = parts.length === 1 && first!.start === start ? first! : undefined;
  if (kind === 'scalar') {
    const end = told !== undefined && told.end > start ? told.end : withoutBlanks(text, start, position);
    const node = new YamlNode(kind, start, end);
    node.text = String(result);
    node.isMerge = tag === 'tag:yaml.org,2002:merge';
    return node;
  }
  if (told !== undefined && told.kind === (kind ?? 'alias')) return told;
  if (kind === 'mapping') {
    const pairs = pairsOf(text, parts);
    const end = text[start] === '{' ? position : (pairs.at(-1)?.value.end ?? start);
    return Object.assign(new YamlNode(kind, start, end), { pairs });
  }
  if (kind === 'sequence') {
    const isFlow = text[start] === '[';
    const items = isFlow ? flowItems(text, parts) : blockItems(text, start, parts, result as unknown[]);
    const end = isFlow ? position : (items.at(-1)?.end ?? start);
    return Object.assign(new YamlNode(kind, start, end), { items });
  }
  if (position > start && text[start] === '*') {
    const end = behindWord(text, start);
    const target = anchors.get(text.slice(start + 1, end));
    return Object.assign(new YamlNode('alias', start, end), { target, text: target?.text });
  }
  return emptyAt(bare, String(result));
}

/** Each part that a colon follows is a key, and the next part its value. */
function pairsOf(text: string, parts: readonly YamlNode[]): YamlPair[] {
  const pairs: YamlPair[] = [];
  for (let i = 0; i < parts.length; i++) {
    const key = parts[i]!;
    const hasValue = isKey(text, key);
    // After its last pair the parser looks for another one.
    if (!hasValue && key.end === key.start) continue;
    pairs.push({ key, value: hasValue ? parts[++i]! : emptyAt(key.end) });
  }
  return pairs;
}

/** `[a: b]` is a list of one mapping. */
function flowItems(text: string, parts: readonly YamlNode[]): YamlNode[] {
  const items: YamlNode[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (!isKey(text, part)) {
      items.push(part);
      continue;
    }
    const pairs = pairsOf(text, [part, parts[++i]!]);
    items.push(Object.assign(new YamlNode('mapping', part.start, pairs[0]!.value.end), { pairs }));
  }
  return items;
}

/** The parser may tell nothing of an item that is a dash alone. */
function blockItems(
  text: string,
  start: number,
  parts: readonly YamlNode[],
  values: readonly unknown[],
): readonly YamlNode[] {
  if (parts.length === values.length) return parts;
  const items: YamlNode[] = [];
  let end = start;
  for (const part of parts) {
    const before = text
      .slice(end, part.start)
      .replace(/(?<=\s)#.*/g, (comment) => ' '.repeat(comment.length));
    const dashes = [...before.matchAll(/(?<=^|\s)-(?=\s)/g)].map(({ index }) => end + index);
    for (const dash of dashes.slice(0, -1)) items.push(emptyAt(dash + 1));
    items.push(part);
    end = part.end;
  }
  while (items.length < values.length) items.push(emptyAt(end));
  return items;
}

function isKey(text: string, node: YamlNode): boolean {
  return text[behindBlanks(text, node.end)] === ':';
}

function emptyAt(offset: number, text = 'null'): YamlNode {
  return Object.assign(new YamlNode('scalar', offset, offset), { text });
}

/** Behind the anchor and the tag that may stand there. */
function behindProperties(text: string, from: number): number {
  let at = from;
  for (;;) {
    const next = behindBlanks(text, at);
    if (text[next] !== '&' && text[next] !== '!') return at;
    at = behindWord(text, next);
  }
}

/** Behind white space and comments. */
function behindBlanks(text: string, offset: number): number {
  let at = offset;
  for (;;) {
    while (isBlank(text, at)) at++;
    if (text[at] !== '#' || (at > 0 && !isBlank(text, at - 1))) return at;
    const newline = text.indexOf('\n', at);
    at = newline < 0 ? text.length : newline;
  }
}

/** Behind an anchor, a tag or an alias. */
function behindWord(text: string, offset: number): number {
  let at = offset + 1;
  while (at < text.length && !isBlank(text, at) && !',[]{}'.includes(text[at]!)) at++;
  return at;
}

function withoutBlanks(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isBlank(text, at - 1)) at--;
  return at;
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
