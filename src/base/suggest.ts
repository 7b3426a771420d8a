/**
 * The known word nearest to a mistyped one, or undefined when none is near.
 * Near means: at most a third of the letters differ (one transposition counts one).
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `did you mean "x"?`, or the list of what is known when nothing is near and the list is short. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const words = [...known];
  const match = nearest(word, words);
  if (match !== undefined) return `did you mean "${match}"?`;
  if (words.length === 0 || words.length > 12) return undefined;
  return `known: ${words.sort().join(', ')}`;
}

/** Optimal string alignment distance; stops counting at `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(substitution, previous[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, older[j - 2]! + 1);
      }
      row.push(cost);
    }
    older = previous;
    previous = row;
  }
  return Math.min(previous[b.length]!, limit);
}
