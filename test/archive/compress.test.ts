import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { compressZstd } from '../../src/archive/compress.ts';

const canCompress =
  'createZstdCompress' in zlib || spawnSync('zstd', ['--version'], { stdio: 'ignore' }).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'caisson-compress-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.skipIf(!canCompress)(
  'zstd makes the same of the same bytes, however they come (needs zstd or Node 22.15)',
  async () => {
    const bytes = Buffer.from(
      Array.from({ length: 5000 }, (_, i) => `line ${(i * 7919) % 10007}\n`).join(''),
    );
    const compressed = async (pieces: number, endsAtOnce: boolean): Promise<string> => {
      const file = join(folder, `${pieces}-${endsAtOnce}.zst`);
      const { input, done } = compressZstd(file);
      const size = Math.ceil(bytes.length / pieces);
      for (let at = 0; at < bytes.length; at += size) {
        const piece = bytes.subarray(at, at + size);
        if (endsAtOnce) input.write(piece);
        else await new Promise((resolve) => input.write(piece, resolve));
      }
      input.end();
      await done;
      return readFileSync(file).toString('hex');
    };
    const expected = await compressed(1, true);
    for (const pieces of [1, 2, 7])
      for (const endsAtOnce of [true, false]) expect(await compressed(pieces, endsAtOnce)).toBe(expected);
  },
);
