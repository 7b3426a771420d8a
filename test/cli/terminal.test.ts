import { describe, expect, it } from 'vitest';
import { bytes, columns, duration, printable } from '../../src/cli/output/terminal.ts';

describe('what is shown on a terminal', () => {
  it('keeps colours of a task and takes out what moves the cursor, sets titles or rings', () => {
    expect(printable('\u001b[31mred\u001b[0m')).toBe('\u001b[31mred\u001b[0m');
    expect(printable('a\u001b[2Jb\u001b[1;1Hc\u001b]0;title\u0007d\u0007e\u009bf\rg')).toBe('abcdefg');
  });

  it('says durations and sizes as people do', () => {
    expect([0.42, 12.6, 200, 7200, 200_000].map(duration)).toEqual([
      '0.4 s',
      '13 s',
      '3 min 20 s',
      '2 h',
      '2 d',
    ]);
    expect([5, 1500, 2_000_000].map(bytes)).toEqual(['5 B', '1.5 KB', '2.0 MB']);
  });

  it('aligns columns and does not pad the last one', () => {
    expect(
      columns([
        ['a', 'bb'],
        ['ccc', 'd'],
      ]),
    ).toEqual(['a    bb', 'ccc  d']);
  });
});
