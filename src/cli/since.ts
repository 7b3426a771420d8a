import { fail } from '../base/failure.ts';

export const sinceExamples = 'e.g. 30m, 2h, 3d, 2026-01-31';

const seconds: Readonly<Record<string, number>> = {
  s: 1,
  min: 60,
  m: 60,
  h: 3600,
  d: 24 * 3600,
  w: 7 * 24 * 3600,
};

/** A time in milliseconds: `2 h` ago, or a date as `2026-01-31` or `2026-01-31T12:00`. `now` in milliseconds. */
export function parseSince(text: string, now: number): number {
  const [, count, unit] = /^(\d+)\s*(s|min|m|h|d|w)$/.exec(text.trim()) ?? [];
  if (count !== undefined) return now - Number(count) * seconds[unit!]! * 1000;
  const at = /^\d{4}-\d\d/.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN;
  if (Number.isNaN(at)) return fail('usage', `--since ${text}: there is no such time`, sinceExamples);
  return at;
}
