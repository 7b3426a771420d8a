import { fail } from '../base/failure.ts';
import type { FreeSpace, Store } from '../caches/store.ts';

/** What a person wants to be kept free: by flags, else by the environment. */
export interface MinFreeOptions {
  readonly minFree?: string;
  readonly minFreeFiles?: string;
}

const units: Readonly<Record<string, number>> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
const hint = 'a size such as 10GB or 500MB, a part of the disk such as 5%, or 0 for never';
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

function amount(name: string, text: string, total: number): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*(%|[KMGT]?B)?$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return fail('usage', `${name} is "${text}"`, hint);
  if (unit === '%' && Number(digits) > 90)
    return fail('usage', `${name} is "${text}": tasks could never run`, hint);
  const each = unit === '%' ? total / 100 : units[(unit ?? 'B').toUpperCase()]!;
  return Math.round(Number(digits) * each);
}
