import { formatName, recordKey } from '../../caches/name.ts';
import { narrow } from '../../caches/narrow.ts';
import type { CacheRecord, CheckoutLayout } from '../../caches/record.ts';
import type { Draft, TransformContext } from '../transforms/transform.ts';
import { commandUser, isRunTask } from './command.ts';
import { DeclaredKeyError, resolveKey } from './declared-key.ts';

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
  readonly checkout?: CheckoutLayout;
  /** where in the draft it is written, for messages */
  readonly path: readonly (string | number)[];
}

export interface NamedCache {
  /** may end in `<docker-image>`: then it stands in a task-reference */
  readonly name: string;
  readonly wanted: WantedCache;
  readonly record: CacheRecord;
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
  options: CacheOptions,
): readonly NamedCache[] {
  return caches.flatMap((wanted) => {
    const complain = (message: string, hint?: string): [] => {
      const place = { draft, path: wanted.path };
      context.report({ severity: 'error', message, ...place, ...(hint === undefined ? {} : { hint }) });
      return [];
    };
    try {
      const complete = recordOf(context, wanted, options);
      const record =
        wanted.varyOn === undefined
          ? { ok: true as const, value: complete }
          : narrow(complete, wanted.varyOn);
      if (!record.ok) return complain(record.error, 'docs/caches.md lists the ingredients');
      const name = formatName({
        trustDomain: context.graphConfig['trust-domain'],
        level: context.params.level,
        name: wanted.shortName,
        key: recordKey(record.value),
        ...(options.image?.kind === 'in-tree' ? { suffix: '<docker-image>' } : {}),
      });
      return [{ name, wanted, record: record.value }];
    } catch (error) {
      if (!(error instanceof DeclaredKeyError)) throw error;
      return complain(error.message, error.hint);
    }
  });
}

function recordOf(context: TransformContext, wanted: WantedCache, options: CacheOptions): CacheRecord {
  const { implementation, os, command } = options;
  const wrapped = isRunTask(command);
  const image = imageOf(options.image);
  const user = implementation === 'generic-worker' ? 'task-user' : commandUser(command);
  return {
    protocol: 1,
    platform: { implementation, os },
    mountPoint: wanted.mountPoint,
    ...(wrapped ? { wrapper: context.wrapper, user } : {}),
    ...(image === undefined ? {} : { image }),
    ...(wanted.checkout === undefined ? {} : { checkout: wanted.checkout }),
    ...(context.params.tasks_for.includes('pull-request-untrusted') ? { untrusted: true as const } : {}),
    ...(wanted.key === undefined ? {} : { key: resolveKey(context, wanted.key) }),
  };
}

/** An image by tag is marked: what is behind the tag may change without the name changing. */
function imageOf(image: CacheImage | undefined): string | undefined {
  if (image === undefined || image.kind === 'in-tree') return undefined;
  if (image.kind === 'indexed') return `index:${image.namespace}`;
  return image.value.includes('@sha256:') ? image.value : `image-tag:${image.value}`;
}
