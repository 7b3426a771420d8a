import { fail } from '../base/failure.ts';
import { didYouMean } from '../base/suggest.ts';

/** Does the whole name fit? `*` stands for any text, `?` for one character; all else for itself. */
export function matchesPattern(pattern: string, name: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(name);
}

/** The names that fit at least one of the patterns, in their own order; a pattern that none fits is a mistake. */
export function chooseNames(patterns: readonly string[], names: readonly string[]): string[] {
  for (const pattern of patterns) {
    if (names.some((name) => matchesPattern(pattern, name))) continue;
    const what = /[*?]/.test(pattern) ? `no cache fits "${pattern}"` : `there is no cache "${pattern}"`;
    fail('usage', what, didYouMean(pattern, names) ?? 'caisson cache ls lists them');
  }
  return names.filter((name) => patterns.some((pattern) => matchesPattern(pattern, name)));
}
