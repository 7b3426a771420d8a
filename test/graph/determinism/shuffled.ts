import { isMap, isScalar, parseDocument, type Pair, type YAMLMap } from 'yaml';

/** Puts a list into another order; the same list and numbers give the same order. */
export type Shuffle = <T>(list: readonly T[]) => T[];

const plain = { version: '1.1', uniqueKeys: false, strict: false, logLevel: 'silent' } as const;

/** A config.yml in which the order of all that is known by name is another one. */
export function shuffledConfig(text: string, shuffle: Shuffle): string {
  return rewritten(text, (root) => {
    reorder(root, shuffle);
    for (const path of [['workers'], ['workers', 'aliases'], ['taskgraph']])
      reorder(root.getIn(path), shuffle);
    const aliases = root.getIn(['workers', 'aliases']);
    for (const { value } of isMap(aliases) ? aliases.items : []) reorder(value, shuffle);
  });
}

/**
 * A kind.yml in which keys stand in another order; its tasks too, unless other kinds look at them in their order.
 * Dimensions of a matrix, and lists, stay: their order shows in names.
 */
export function shuffledKind(text: string, shuffle: Shuffle, options: { readonly tasks: boolean }): string {
  return rewritten(text, (root) => {
    reorder(root, shuffle);
    const tasks = root.get('tasks');
    if (options.tasks) reorder(tasks, shuffle);
    const defaults = root.get('task-defaults');
    for (const task of [...(isMap(tasks) ? tasks.items.map(({ value }) => value) : []), defaults]) {
      if (!isMap(task)) continue;
      reorder(task, shuffle);
      for (const key of ['run', 'worker', 'fetches', 'attributes', 'treeherder'])
        reorder(task.get(key), shuffle);
    }
  });
}

/** Anchors have to stand before their aliases: such a file stays as it is. */
function rewritten(text: string, change: (root: YAMLMap) => void): string {
  const document = parseDocument(text, plain);
  if (/[*&]\w/.test(text) || !isMap(document.contents)) return text;
  change(document.contents);
  return document.toString({ lineWidth: 0 });
}

function reorder(node: unknown, shuffle: Shuffle): void {
  if (!isMap(node)) return;
  const isMerge = ({ key }: Pair): boolean => isScalar(key) && key.source === '<<';
  if (node.items.some(isMerge)) return;
  node.items = shuffle(node.items);
}
