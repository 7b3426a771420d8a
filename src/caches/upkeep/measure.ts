import { startProcess } from '../../base/process.ts';
import type { LayerName, MeasuredLayer } from '../ledger/entry.ts';
import { append, type Parts, readForChange } from '../parts.ts';
import type { State } from '../state/state.ts';
import { measureTree } from '../trees/tree-size.ts';

/** Measures the layers that were not measured yet, and has them written to the disk; in the background, soon. */
export function measureLater(parts: Parts): void {
  parts.background.later('measure', () => measureNew(parts));
}

async function measureNew(parts: Parts): Promise<void> {
  const layers = unmeasured(readForChange(parts));
  const [first] = layers;
  if (first === undefined) return;
  const settled = await settle(parts.layout.layer(first.name));
  const measured: (MeasuredLayer & Unmeasured)[] = [];
  for (const layer of layers) {
    const size = await measureTree(parts.layout.layer(layer.name));
    if (size !== null) measured.push({ ...layer, ...size, settled });
  }
  append(parts, (state) => {
    // A direct lease may have changed a tree meanwhile: then it is measured again.
    const asBefore = new Set(unmeasured(state).map(({ name, fingerprint }) => `${name} ${fingerprint}`));
    const sizes = measured
      .filter(({ name, fingerprint }) => asBefore.has(`${name} ${fingerprint}`))
      .map(({ fingerprint: _, ...size }) => size);
    return sizes.length === 0 ? null : { kind: 'measure', layers: sizes };
  });
}

interface Unmeasured {
  readonly name: LayerName;
  readonly fingerprint: string;
}

function unmeasured({ layers }: State): Unmeasured[] {
  return [...layers]
    .filter(([, { size }]) => size === null)
    .map(([name, { seal }]) => ({ name, fingerprint: seal.fingerprint }));
}

/** Everything that was written on that file system so far is on the disk afterwards; false when that is not known. */
export async function settle(path: string): Promise<boolean> {
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
  const end = await startProcess(['sync', '-f', path], { env }).ended;
  return end.kind === 'exited' && end.code === 0;
}
