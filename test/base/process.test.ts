import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Output, type ProcessOptions, startProcess } from '../../src/base/process.ts';

const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };

function collect(): { output: Output; text: () => string } {
  const chunks: Uint8Array[] = [];
  return { output: (chunk) => void chunks.push(chunk), text: () => Buffer.concat(chunks).toString() };
}

function shell(script: string, options: Partial<ProcessOptions> = {}) {
  return startProcess(['sh', '-c', script], { env, ...options });
}

/** Gone, or a corpse that waits for its new parent. */
function hasEnded(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || / Z /.test(readFileSync(stat, 'utf8'));
}

describe('a child process', () => {
  test('ends with its exit code, its signal, or why it did not start', async () => {
    expect(await shell('exit 7').ended).toEqual({ kind: 'exited', code: 7 });
    expect(await shell('kill -KILL $$').ended).toEqual({ kind: 'signalled', signal: 'SIGKILL' });
    expect(await startProcess(['/nowhere/to/be/found'], { env }).ended).toEqual({
      kind: 'not-started',
      errno: 'ENOENT',
    });
    expect(await startProcess(['/'], { env }).ended).toEqual({ kind: 'not-started', errno: 'EACCES' });
  });

  test('gets exactly the environment it is given', async () => {
    const { output, text } = collect();
    await startProcess(['env'], { env: { PATH: env.PATH, ONE: '1' }, stdout: output }).ended;
    expect(text().trim().split('\n').sort()).toEqual(['ONE=1', `PATH=${env.PATH}`]);
  });

  test('leads a session of its own', async () => {
    const { output, text } = collect();
    const child = shell('cut -d" " -f6 /proc/$$/stat', { stdout: output });
    await child.ended;
    expect(Number(text())).toBe(child.pid);
  });

  test('keeps stdout and stderr apart', async () => {
    const [out, errors] = [collect(), collect()];
    await shell('echo out; echo err >&2', { stdout: out.output, stderr: errors.output }).ended;
    expect([out.text(), errors.text()]).toEqual(['out\n', 'err\n']);
  });
});

describe('output', () => {
  test('is not read while the sink is busy, and is complete at the end', async () => {
    let busy = false;
    let bytes = 0;
    const { ended } = shell('head -c 3000000 /dev/zero', {
      stdout: async (chunk) => {
        expect(busy).toBe(false);
        busy = true;
        bytes += chunk.length;
        await sleep(1);
        busy = false;
      },
    });
    expect(await ended).toEqual({ kind: 'exited', code: 0 });
    expect(bytes).toBe(3_000_000);
  });

  test('whose sink fails rejects, and the writer is not kept waiting', async () => {
    const full = () => Promise.reject(new Error('disk full'));
    await expect(shell('yes', { stdout: full }).ended).rejects.toThrow('disk full');
    const broken = () => {
      throw new Error('closed');
    };
    await expect(shell('yes', { stdout: broken }).ended).rejects.toThrow('closed');
  });
});

describe('stop', () => {
  test('reaches the whole process group', async () => {
    const { output, text } = collect();
    let announced: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => (announced = resolve));
    const child = shell('sleep 1000 & echo $!; wait', {
      stdout: (chunk) => {
        void output(chunk);
        announced();
      },
    });
    await ready;
    expect(await child.stop()).toEqual({ kind: 'stopped' });
    expect(hasEnded(Number(text()))).toBe(true);
  });

  test('kills what ignores SIGTERM when the grace period is over', async () => {
    let announced: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => (announced = resolve));
    const child = shell('trap "" TERM; echo ready; while :; do sleep 1; done', {
      stdout: () => announced(),
      grace: 20,
    });
    await ready;
    expect(await child.stop()).toEqual({ kind: 'stopped' });
  });

  test('happens by an abort signal, also one that came before', async () => {
    const controller = new AbortController();
    const child = shell('sleep 1000', { signal: controller.signal });
    controller.abort();
    expect(await child.ended).toEqual({ kind: 'stopped' });
    expect(await shell('sleep 1000', { signal: AbortSignal.abort() }).ended).toEqual({ kind: 'stopped' });
  });

  test('after the end changes nothing', async () => {
    const child = shell('exit 3');
    await child.ended;
    expect(await child.stop()).toEqual({ kind: 'exited', code: 3 });
  });
});
