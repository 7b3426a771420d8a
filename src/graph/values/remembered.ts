/**
 * Remembers what `make` answered for a key, for each owner apart and as long as the owner lives; without a key there is
 * one answer for an owner. What it throws is not remembered. The answers are shared: nobody may change them.
 */
export function remembered<Owner extends object, Answer>(
  make: (owner: Owner, key: string) => Answer,
): (owner: Owner, key?: string) => Answer {
  const answers = new WeakMap<Owner, Map<string, Answer>>();
  return (owner, key = '') => {
    let known = answers.get(owner);
    if (known === undefined) answers.set(owner, (known = new Map()));
    let answer = known.get(key);
    if (answer === undefined) known.set(key, (answer = make(owner, key)));
    return answer;
  };
}
