import { fail } from '../base/failure.ts';

const units: Readonly<Record<string, number>> = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** Reads `10GB`, `500MB`, `5%` of `total`, or a number of bytes. */
export function amountOf(name: string, text: string, total: number, hint: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*(%|[KMGT]?B)?$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return fail('usage', `${name} is "${text}"`, hint);
  const each = unit === '%' ? total / 100 : units[(unit ?? 'B').toUpperCase()]!;
  return Math.round(Number(digits) * each);
}
