import { err, ok, type Result } from '../base/result.ts';
import { didYouMean } from '../base/suggest.ts';
import { type CacheRecord, type Ingredient, indispensable, ingredients } from './record.ts';

/**
 * Leaves only the ingredients that the author's `vary-on` names (`protocol` always stays). Those that keep a cache
 * from being shared by wrappers, users or trust must be named where they apply.
 */
export function narrow(record: CacheRecord, varyOn: readonly string[]): Result<CacheRecord, string> {
  for (const name of varyOn) {
    if ((ingredients as readonly string[]).includes(name)) continue;
    return err(
      `"${name}" is no ingredient of a cache (${didYouMean(name, ingredients) ?? 'see docs/caches.md'})`,
    );
  }
  const missing = indispensable.filter((name) => record[name] !== undefined && !varyOn.includes(name));
  if (missing.length > 0) return err(`vary-on must not leave out ${missing.join(', ')}`);
  const kept = Object.entries(record).filter(
    ([name]) => name === 'protocol' || varyOn.includes(name as Ingredient),
  );
  return ok(Object.fromEntries(kept) as unknown as CacheRecord);
}
