import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLinePrefixer } from '../../src/run-task/line-prefixer.ts';

const mark = /\[p \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\] /g;

function prefixed(chunks: readonly Buffer[]): string {
  const written: Buffer[] = [];
  const prefixer = createLinePrefixer('p', (bytes) => written.push(Buffer.from(bytes)));
  for (const chunk of chunks) prefixer.take(chunk);
  prefixer.end();
  return Buffer.concat(written).toString('latin1');
}

describe('prefixing lines', () => {
  it('gives every line one prefix and keeps its bytes, however output is cut into chunks', () => {
    const byte = fc.oneof(fc.constantFrom(10, 13, 0x5b), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(fc.array(byte).map((bytes) => Buffer.from(bytes))), (chunks) => {
        const text = Buffer.concat(chunks).toString('latin1');
        const lines = text.split(/\r\n|\r|\n/);
        if (lines.at(-1) === '') lines.pop();
        expect(prefixed(chunks).replace(mark, '>')).toBe(lines.map((line) => `>${line}\n`).join(''));
      }),
    );
  });

  it('does so wherever lines end among words, and when prefixes are most of what is written', () => {
    const line = fc.tuple(
      fc.integer({ min: 0, max: 40 }),
      fc.constantFrom('\n', '\r', '\r\n', '\t', '\u000e'),
    );
    const text = fc.array(line, { minLength: 100, maxLength: 400 }).map((lines) => {
      return lines.map(([length, end]) => `${'\u00ff'.repeat(length)}${end}`).join('');
    });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 9000 }), (some, size) => {
        const bytes = Buffer.from(some, 'latin1');
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
          bytes.subarray(at * size, (at + 1) * size),
        );
        const lines = some.split(/\r\n|\r|\n/);
        if (lines.at(-1) === '') lines.pop();
        expect(prefixed(chunks).replace(mark, '>')).toBe(lines.map((each) => `>${each}\n`).join(''));
      }),
    );
    expect(prefixed([Buffer.alloc(300_000, '\n')]).replace(mark, '>')).toBe('>\n'.repeat(300_000));
  });

  it('keeps a line of several megabytes whole', () => {
    const chunk = Buffer.alloc(1 << 20, 'x');
    const text = prefixed([chunk, chunk, chunk]);
    expect(text.match(mark)).toHaveLength(1);
    expect(text.replace(mark, '')).toHaveLength(3 * chunk.length + 1);
  });
});
