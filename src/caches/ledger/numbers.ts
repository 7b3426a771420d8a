import { readdirSync } from 'node:fs';
import { ifThere } from '../../base/files.ts';

/** The names of entries and of epochs' folders: numbers, so that they sort. */
export const seqName = (seq: number): string => String(seq).padStart(8, '0');
export const epochName = (epoch: number): string => String(epoch).padStart(6, '0');

/** The numbers that entries of a folder are named with, in no order; none when it is not there. */
export function numbersIn(folder: string): number[] {
  const names = ifThere(() => readdirSync(folder)) ?? [];
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}
