import { dump, load } from 'js-yaml';
import { yaml11 } from '../../src/graph/load/yaml-schema.ts';
import { setOwn } from '../../src/graph/values/plain.ts';
import type { Random } from './random.ts';

/** A YAML text that somebody got wrong, or a hostile one. */
export function mutated(text: string, random: Random): string {
  let result = text;
  const times = random.of([1, 1, 1, 2, 4]);
  for (let i = 0; i < times; i++) {
    result = random.below(3) === 0 ? otherText(result, random) : otherStructure(result, random);
  }
  return result;
}

const snippets = [
  '\t',
  '  ',
  '\n',
  '\r\n',
  ':',
  ': ',
  '- ',
  '-',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '#',
  ' #',
  '&a ',
  '*a',
  '<<: *a',
  '!x ',
  '!!int ',
  '|',
  '>-',
  '%',
  '@',
  '`',
  '?',
  '? ',
  ',',
  '\0',
  '\uFEFF',
  'é',
  '😀',
  '---\n',
  '...\n',
  '{{',
  '}}',
  '{0}',
  '{x}',
  '{matrix[a]}',
  '<self>',
  '(',
  '.*',
  '^',
  'null',
  '~',
  'yes',
  '010',
  '1e999',
  '1:30',
  '2026-01-01',
  '-.inf',
  '__proto__: ',
  'constructor: ',
  '9'.repeat(30),
  'by-level: ',
  '&a [*a]',
];

function otherText(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const lines = text.split('\n');
  const line = random.below(lines.length);
  switch (random.below(8)) {
    case 0:
      return text.slice(0, at) + random.of(snippets) + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + random.below(8));
    case 2:
      return text.slice(0, at);
    case 3:
      lines.splice(line, 1);
      return lines.join('\n');
    case 4:
      lines.splice(line, 0, lines[random.below(lines.length)]!);
      return lines.join('\n');
    case 5:
      lines[line] = ' '.repeat(random.below(9)) + lines[line]!.trimStart();
      return lines.join('\n');
    case 6: {
      const length = random.below(40);
      const from = random.below(text.length + 1);
      return text.slice(0, at) + text.slice(from, from + length) + text.slice(at);
    }
    default:
      return text.replaceAll(random.of([' ', ':', '-', 'a', 'task', 'run']), random.of(snippets));
  }
}

const keys = [
  'tasks',
  'task-defaults',
  'transforms',
  'kind-dependencies',
  'run',
  'worker',
  'using',
  'command',
  'name',
  'label',
  'description',
  'attributes',
  'dependencies',
  'matrix',
  'chunk',
  'from-deps',
  'task-context',
  'fetches',
  'notify',
  'index',
  'treeherder',
  'optimization',
  'when',
  'caches',
  'mounts',
  'env',
  'artifacts',
  'key',
  'vary-on',
  'by-level',
  'by-project',
  '__proto__',
  'constructor',
  '0',
  '',
  'task-reference',
  'routes',
];

function values(random: Random): unknown {
  return random.of<unknown>([
    null,
    true,
    0,
    -1,
    1.5,
    2 ** 60,
    '',
    'x',
    '{x}',
    '{',
    '{level}',
    '<self>',
    '<a/b>',
    [],
    [null],
    [[]],
    ['a', 1],
    {},
    { a: null },
    { 'by-level': { default: 'x' } },
    { 'by-level': { '(': 1, default: 2 } },
    { 'task-reference': '<none>' },
    { 'artifact-reference': 'x' },
    { 'relative-datestamp': 'soon' },
    new Date(0),
    'x'.repeat(300),
    { 'in-tree': 'x' },
    { default: 1 },
    '**',
    '../..',
    '/',
    'a\0b',
  ]);
}

/** Something is put in the place of something else; a text that is no YAML stays as it is. */
function otherStructure(text: string, random: Random): string {
  let root: unknown;
  try {
    root = load(text, { schema: yaml11, json: true });
  } catch {
    return otherText(text, random);
  }
  const holders: (unknown[] | Record<string, unknown>)[] = [];
  const seen = new Set<unknown>();
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value) || value instanceof Date) return;
    seen.add(value);
    const members = Object.values(value);
    if (members.length > 0) holders.push(value as Record<string, unknown>);
    for (const member of members) collect(member);
  };
  collect(root);
  if (holders.length === 0) return otherText(text, random);
  const holder = random.of(holders) as Record<string, unknown>;
  const key = random.of(Object.keys(holder));
  const other = random.of(holders) as Record<string, unknown>;
  switch (random.below(5)) {
    case 0:
      delete holder[key];
      break;
    case 1:
      setOwn(holder, random.of(keys), holder[key]);
      break;
    case 2:
      // Perhaps within itself: then it cannot be written.
      setOwn(holder, key, random.of(Object.values(other)));
      break;
    case 3:
      setOwn(holder, random.of(keys), values(random));
      break;
    default:
      setOwn(holder, key, values(random));
  }
  try {
    return dump(root, { skipInvalid: true });
  } catch {
    return otherText(text, random);
  }
}
