import type { CacheRecord, CheckoutLayout, DeclaredKey } from '../../caches/record.ts';
import type { TransformContext } from '../transforms/transform.ts';
import { HintedError } from '../values/hinted-error.ts';
import { commandUser, wrapperCommand } from '../../task/command.ts';
import type { CacheImage, CacheOptions, WantedCache } from './name-caches.ts';

/** What a task has to do with all of its caches: they are filled by its command, in its image. */
export interface Filler {
  readonly implementation: string;
  readonly os: string;
  readonly image?: CacheImage;
  /** whom run-task gives the command to, empty when that is nobody; null when run-task is not the command */
  readonly user: string | null;
}

export function fillerOf({ command, ...options }: CacheOptions): Filler {
  const wrapped = wrapperCommand(options.implementation, command);
  return { ...options, user: wrapped === null ? null : userOf(options.implementation, wrapped) };
}

/**
 * All ingredients of a cache that apply, before `vary-on`. An ingredient that applies and is empty is an
 * HintedError: left out, it would let caches meet that must not.
 */
export function recordOf(
  { wrapper, params }: TransformContext,
  { mountPoint, checkout }: WantedCache,
  { implementation, os, user, image }: Filler,
  key: DeclaredKey | undefined,
): CacheRecord {
  return {
    protocol: 1,
    platform: {
      implementation: filled(implementation, 'the worker implementation'),
      os: filled(os, "the worker's operating system"),
    },
    mountPoint: filled(mountPoint, 'the mount point'),
    ...(user === null
      ? {}
      : {
          wrapper: filled(wrapper['run-task'], "run-task's digest"),
          user: filled(user, 'the user or group that run-task gives the command to'),
        }),
    ...imageOf(image),
    ...(checkout === undefined ? {} : { checkout: checkLayout(checkout) }),
    ...(params.tasks_for.includes('pull-request-untrusted') ? { untrusted: true as const } : {}),
    ...(key === undefined ? {} : { key }),
  };
}

/** generic-worker makes a user for every task, whatever the command says. */
function userOf(implementation: string, words: readonly string[]): string {
  if (implementation === 'generic-worker') return 'task-user';
  return commandUser(words) ?? '';
}

/** An image by tag is marked: what is behind the tag may change without the name changing. In-tree: see the suffix. */
function imageOf(image: CacheImage | undefined): { image?: string } {
  if (image === undefined || image.kind === 'in-tree') return {};
  if (image.kind === 'indexed') return { image: `index:${filled(image.namespace, "the image's namespace")}` };
  const value = filled(image.value, 'the image');
  return { image: value.includes('@sha256:') ? value : `image-tag:${value}` };
}

function checkLayout(layout: CheckoutLayout): CheckoutLayout {
  filled(layout.vcs, 'the version control system of the checkout');
  if (layout.repositories.length === 0) throw new HintedError('the checkout has no repository');
  return layout;
}

function filled(value: string, what: string): string {
  if (value === '') throw new HintedError(`${what} is empty, but the name of a cache depends on it`);
  return value;
}
