import { fail } from '../base/failure.ts';
import type { FreeSpace, Store } from '../caches/store.ts';
import { amountOf } from './amount.ts';

/** What a person wants to be kept free: by flags, else by the environment. */
export interface MinFreeOptions {
  readonly minFree?: string;
  readonly minFreeFiles?: string;
}

const amountHint = 'a size such as 10GB or 500MB, a part of the disk such as 5%, or 0 for never';
const defaultFiles = 100_000;

/**
 * Below what is returned `cache gc` evicts. Default: 10 GB and 100,000 files, but never more than a
 * tenth of the disk.
 */
export function minFreeOf(
  store: Store,
  {
    minFree = process.env['CAISSON_MIN_FREE'],
    minFreeFiles = process.env['CAISSON_MIN_FREE_FILES'],
  }: MinFreeOptions,
): FreeSpace {
  const total = store.totalSpace();
  return {
    bytes: minFree ? amount('min-free', minFree, total.bytes) : Math.min(10e9, total.bytes / 10),
    inodes: minFreeFiles
      ? amount('min-free-files', minFreeFiles, total.inodes)
      : Math.min(defaultFiles, Math.floor(total.inodes / 10)),
  };
}

/** Below that a worker evicts before it leases: only where somebody has asked for it, else at its own limit. */
export function keepFreeOf(store: Store): { readonly keepFree?: FreeSpace } {
  const { CAISSON_MIN_FREE: bytes, CAISSON_MIN_FREE_FILES: files } = process.env;
  return bytes || files ? { keepFree: minFreeOf(store, {}) } : {};
}

function amount(name: string, text: string, total: number): number {
  const wanted = amountOf(name, text, total, amountHint);
  if (/%\s*$/.test(text) && wanted > total * 0.9)
    return fail('usage', `${name} is "${text}": tasks could never run`, amountHint);
  return wanted;
}
