import { describe, expect, test } from 'vitest';
import { DurationError, fromNow, parseDuration } from '../../../src/graph/values/time.ts';

const hour = 3_600_000;

describe('parseDuration', () => {
  test.each([
    ['1 day', 24 * hour],
    ['28 days', 28 * 24 * hour],
    ['1d', 24 * hour],
    ['2h', 2 * hour],
    ['90 min', 1.5 * hour],
    ['5   seconds', 5000],
    ['6mo', 6 * 30 * 24 * hour],
    ['1 year', 365 * 24 * hour],
    ['in 3 hours', 3 * hour],
    ['0 s', 0],
  ])('%s', (text, expected) => expect(parseDuration(text)).toBe(expected));

  test.each([
    ['6 weeks', /"weeks" in "6 weeks" is not a unit/],
    ['soon', /not a duration/],
    ['', /not a duration/],
    ['1.5 days', /not a whole number/],
    ['1 Day', /not a duration/],
  ])('refuses %j', (text, message) => {
    expect(() => parseDuration(text)).toThrow(DurationError);
    expect(() => parseDuration(text)).toThrow(message);
  });
});

test('fromNow gives a moment with milliseconds, in UTC', () => {
  expect(fromNow('1 day', Date.UTC(2026, 1, 28, 12, 0, 0, 7))).toBe('2026-03-01T12:00:00.007Z');
  expect(() => fromNow('9000 years', 0)).toThrow(DurationError);
});
