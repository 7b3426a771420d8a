import { fail } from '../base/failure.ts';
import type { Engine } from './engines/engine.ts';
import type { Work } from './payload/work.ts';

export interface Engines {
  readonly oci: Engine;
  readonly process: Engine;
}

export type EngineChoice = 'auto' | 'oci' | 'process';

/** The engine for a payload, and what the person who waits should know about it. */
export async function chooseEngine(
  engines: Engines,
  choice: EngineChoice,
  work: Work,
): Promise<{ readonly engine: Engine; readonly note: string | null }> {
  if (choice === 'process') return { engine: engines.process, note: imageNote(work, 'without a sandbox') };
  const available = await engines.oci.available();
  if (available.ok)
    return {
      engine: engines.oci,
      note: imageNote(work, 'in this machine’s own root file system, read-only'),
    };
  const { message, hint } = available.error;
  if (choice === 'auto' && work.implementation === 'generic-worker') {
    return { engine: engines.process, note: `runs without a sandbox: ${message}` };
  }
  return fail('unavailable', message, hint);
}

function imageNote({ image }: Work, how: string): string | null {
  return image === null ? null : `runs ${how}, not in the image ${image}`;
}
