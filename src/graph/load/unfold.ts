/** More than this many values are no configuration, but aliases that multiply each other. */
const mostValues = 10_000_000;

/**
 * What is wrong with the aliases of a file; null when nothing is. Aliases share their values, and transforms copy them:
 * a value within itself, or a few lines that stand for billions, would never end.
 */
export function unfoldMistake(value: unknown): string | null {
  const sizes = new Map<object, number | 'open'>();
  const sizeOf = (part: unknown): number => {
    if (typeof part !== 'object' || part === null) return 1;
    const known = sizes.get(part);
    if (known === 'open') throw new CircleError();
    if (known !== undefined) return known;
    sizes.set(part, 'open');
    let size = 1;
    for (const member of Array.isArray(part) ? (part as unknown[]) : Object.values(part))
      size += sizeOf(member);
    sizes.set(part, size);
    return size;
  };
  try {
    return sizeOf(value) > mostValues ? 'the aliases of the file unfold to millions of values' : null;
  } catch (error) {
    if (!(error instanceof CircleError)) throw error;
    return 'an alias stands within its own anchor';
  }
}

class CircleError extends Error {
  override readonly name = 'CircleError';
}
