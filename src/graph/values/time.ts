/** A duration that is not one; the message says what can be written. */
export class DurationError extends Error {
  override readonly name = 'DurationError';
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const units: ReadonlyMap<string, number> = new Map([
  ...['seconds', 'second', 's'].map((name) => [name, second] as const),
  ...['minutes', 'minute', 'min'].map((name) => [name, minute] as const),
  ...['hours', 'hour', 'h'].map((name) => [name, hour] as const),
  ...['days', 'day', 'd'].map((name) => [name, day] as const),
  ...['months', 'month', 'mo'].map((name) => [name, 30 * day] as const),
  ...['years', 'year', 'y'].map((name) => [name, 365 * day] as const),
]);

/**
 * Milliseconds of a duration such as `1 day`, `28 days`, `6mo`: a whole number and one unit. A month has 30 days, a
 * year 365. Only the first number with a unit counts. Throws DurationError.
 */
export function parseDuration(text: string): number {
  const found = /((?:\d+)?\.?\d+) *([a-z]+)/.exec(text);
  if (!found) throw new DurationError(`"${text}" is not a duration, such as "1 day"`);
  const [, count = '', unit = ''] = found;
  const size = units.get(unit);
  if (size === undefined) {
    throw new DurationError(
      `"${unit}" in "${text}" is not a unit of time; use one of ${[...units.keys()].join(', ')}`,
    );
  }
  if (!/^\d+$/.test(count)) throw new DurationError(`"${count}" in "${text}" is not a whole number`);
  return Number(count) * size;
}

/** Milliseconds, or what is wrong with the text. */
export function durationOf(text: string): number | string {
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    return error.message;
  }
}

const lastMoment = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The moment so long after `now` (milliseconds since 1970), as `2026-01-31T00:00:00.000Z`. Throws DurationError. */
export function fromNow(duration: string, now: number): string {
  const moment = now + parseDuration(duration);
  if (moment > lastMoment) throw new DurationError(`"${duration}" from now is after the year 9999`);
  return new Date(moment).toISOString();
}
