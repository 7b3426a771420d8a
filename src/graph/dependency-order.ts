export type Ordered =
  | { readonly ok: true; readonly order: readonly string[] }
  /** the way round: the first and the last are the same */
  | { readonly ok: false; readonly cycle: readonly string[] };

/**
 * Orders names so that each comes after those that it depends on, otherwise as given. Dependencies that are not among
 * the names are left out of account. Iterative: chains of tasks can be longer than the stack is deep.
 */
export function dependencyOrder(
  names: Iterable<string>,
  dependenciesOf: (name: string) => Iterable<string>,
): Ordered {
  const all = new Set(names);
  const done = new Set<string>();
  const open = new Set<string>();
  for (const start of all) {
    if (done.has(start)) continue;
    const stack = [{ name: start, rest: dependenciesOf(start)[Symbol.iterator]() }];
    open.add(start);
    while (stack.length > 0) {
      const { name, rest } = stack.at(-1)!;
      const next = rest.next();
      if (next.done === true) {
        stack.pop();
        open.delete(name);
        done.add(name);
      } else if (open.has(next.value)) {
        const path = stack.map((entry) => entry.name);
        return { ok: false, cycle: [...path.slice(path.indexOf(next.value)), next.value] };
      } else if (all.has(next.value) && !done.has(next.value)) {
        open.add(next.value);
        stack.push({ name: next.value, rest: dependenciesOf(next.value)[Symbol.iterator]() });
      }
    }
  }
  return { ok: true, order: [...done] };
}

/** The names and all that they depend on, directly or not. */
export function closure(
  names: Iterable<string>,
  dependenciesOf: (name: string) => Iterable<string>,
): Set<string> {
  const reached = new Set(names);
  // A set that grows is walked to its new end.
  for (const name of reached) for (const dependency of dependenciesOf(name)) reached.add(dependency);
  return reached;
}
