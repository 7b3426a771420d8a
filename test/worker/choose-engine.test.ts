import { describe, expect, it } from 'vitest';
import { err, ok } from '../../src/base/result.ts';
import { chooseEngine } from '../../src/worker/choose-engine.ts';
import type { Engine } from '../../src/worker/engines/engine.ts';
import { readPayload } from '../../src/worker/payload/payload.ts';

const engine = (name: Engine['name'], works: boolean): Engine => ({
  name,
  available: () =>
    Promise.resolve(
      works
        ? ok(undefined)
        : err({ kind: 'unavailable', message: 'crun: not installed', hint: 'apt-get install crun' }),
    ),
  prepare: () => Promise.reject(new Error('not asked for')),
});
const engines = (crun: boolean): Parameters<typeof chooseEngine>[0] => ({
  oci: engine('oci', crun),
  process: engine('process', true),
});
const docker = readPayload({ image: 'debian:12', command: ['true'], maxRunTime: 1 });
const generic = readPayload({ command: [['true']], maxRunTime: 1 });

describe('the engine for a payload', () => {
  it('is the sandbox where there is one, and the image that is not used is named', async () => {
    const { engine: chosen, note } = await chooseEngine(engines(true), 'auto', docker);
    expect(chosen.name).toBe('oci');
    expect(note).toContain('not in the image debian:12');
  });

  it('without crun, is a plain process only for payloads that allow it, and that is said', async () => {
    const { engine: chosen, note } = await chooseEngine(engines(false), 'auto', generic);
    expect(chosen.name).toBe('process');
    expect(note).toContain('without a sandbox: crun: not installed');
    await expect(chooseEngine(engines(false), 'auto', docker)).rejects.toMatchObject({
      failure: { kind: 'unavailable', hint: 'apt-get install crun' },
    });
    await expect(chooseEngine(engines(false), 'oci', generic)).rejects.toThrow('not installed');
  });
});

describe('payloads', () => {
  it('are refused with every reason at once', () => {
    const wrong = {
      image: 3,
      maxRunTime: 'long',
      cache: { a: 'relative' },
      capabilities: { privileged: true },
    };
    expect(() => readPayload(wrong)).toThrow(/privileged.*cache\.a.*image.*maxRunTime/s);
    expect(() => readPayload({ image: 'x', maxRunTime: 1 })).toThrow('needs Docker');
    expect(() => readPayload({ command: ['true'], maxRunTime: 1 })).toThrow('a list of lists of strings');
    const outside = { command: [['true']], maxRunTime: 1, mounts: [{ cacheName: 'a', directory: '../b' }] };
    expect(() => readPayload(outside)).toThrow('inside the task directory');
  });
});
