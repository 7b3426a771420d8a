import { formatName, recordKey } from '../../caches/name.ts';
import { narrow } from '../../caches/narrow.ts';
import type { CacheRecord, CheckoutLayout } from '../../caches/record.ts';
import type { Draft, TransformContext } from '../transforms/transform.ts';
import { HintedError } from '../values/hinted-error.ts';
import { resolveKey } from './declared-key.ts';
import { type Filler, recordOf } from './record-of.ts';

/** A cache as a task asks for it, of whatever payload. */
export interface WantedCache {
  /** the author's name */
  readonly shortName: string;
  readonly mountPoint: string;
  /** `{files, strings, parameters}` as written */
  readonly key?: unknown;
  readonly varyOn?: readonly string[];
  readonly shareDown?: boolean;
  readonly commitOn?: string;
  readonly onConflict?: string;
  readonly backend?: string;
  readonly checkout?: CheckoutLayout;
  /** where in the draft it is written, for messages */
  readonly path: readonly (string | number)[];
}

export interface NamedCache {
  /** may end in `<docker-image>`: then it stands in a task-reference */
  readonly name: string;
  readonly wanted: WantedCache;
  readonly record: CacheRecord;
  /** what a task must hold to use it; a task-reference where the name ends in `<docker-image>` */
  readonly scope: string | { readonly 'task-reference': string };
}

export type CacheImage =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'in-tree'; readonly name: string }
  | { readonly kind: 'indexed'; readonly namespace: string };

export interface CacheOptions {
  readonly implementation: string;
  readonly os: string;
  /** the final command */
  readonly command: unknown;
  readonly image?: CacheImage;
}

/**
 * The one place where caches get their names: every worker implementation, every cache. What cannot be resolved is
 * reported, and that cache left out.
 */
export function nameCaches(
  context: TransformContext,
  draft: Draft,
  caches: readonly WantedCache[],
  filler: Filler,
): readonly NamedCache[] {
  return caches.flatMap((wanted) => {
    try {
      return [{ ...nameCache(context, wanted, filler), wanted }];
    } catch (error) {
      if (!(error instanceof HintedError)) throw error;
      const { message, hint } = error;
      const place = { draft, path: wanted.path };
      context.report({ severity: 'error', message, ...place, ...(hint === undefined ? {} : { hint }) });
      return [];
    }
  });
}

type Name = Omit<NamedCache, 'wanted'>;

function nameCache(context: TransformContext, wanted: WantedCache, filler: Filler): Name {
  const trustDomain = context.graphConfig['trust-domain'];
  checkName(wanted.shortName, trustDomain);
  const key = wanted.key === undefined ? undefined : resolveKey(context, wanted.key);
  const complete = recordOf(context, wanted, filler, key);
  const record = wanted.varyOn === undefined ? complete : narrowed(complete, wanted.varyOn);
  const name = formatName({
    trustDomain,
    level: context.params.level,
    name: wanted.shortName,
    key: recordKey(record),
    ...(filler.image?.kind === 'in-tree' ? { suffix: '<docker-image>' } : {}),
  });
  const scope = `${filler.implementation}:cache:${name}`;
  return { name, record, scope: name.includes('<') ? { 'task-reference': scope } : scope };
}

function narrowed(complete: CacheRecord, varyOn: readonly string[]): CacheRecord {
  const record = narrow(complete, varyOn);
  if (record.ok) return record.value;
  throw new HintedError(record.error, 'docs/caches.md lists the ingredients');
}

/** The name must be one that scopes and workers take, and that can be taken apart again. */
function checkName(shortName: string, trustDomain: string): void {
  if (!/^[!-~](?:[ -~]*[!-~])?$/.test(shortName) || /[<>]/.test(shortName)) {
    const hint = 'use letters, digits and hyphens';
    throw new HintedError(`${JSON.stringify(shortName)} cannot be the name of a cache`, hint);
  }
  if (/-v1-[0-9a-f]{20}(?:-|$)/.test(shortName)) {
    const hint = 'write only your own part of it: level and key are put around it';
    throw new HintedError(`"${shortName}" is a complete cache name already`, hint);
  }
  if (trustDomain === '' || /-level-[1-3]-/.test(trustDomain)) {
    throw new HintedError(`the trust domain "${trustDomain}" cannot begin the name of a cache`);
  }
}
