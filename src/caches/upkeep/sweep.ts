import { join } from 'node:path';
import { isErrno } from '../../base/files.ts';
import { type Parts, readForChange } from '../parts.ts';
import { layersInUse, type State } from '../state/state.ts';
import { payDebts } from '../transaction/debts.ts';
import { deleteTrees, doom, openWork } from '../trees/deletion.ts';
import { entriesOf, levels } from '../trees/layout.ts';

/** Moves away what the ledger does not refer to, and deletes it; in the background, soon. */
export function sweepLater(parts: Parts): void {
  parts.background.later('sweep', async () => {
    doomGarbage(parts);
    await deleteDoomed(parts);
    payDebts(parts);
    parts.ledger.reserve.lay();
  });
}

/** Returns how many trees nobody knows any more. */
export function doomGarbage(parts: Parts): number {
  const garbage = findGarbage(parts, () => readForChange(parts));
  return garbage.filter(({ level, path }) => doom(path, parts.layout.doomed(level))).length;
}

/** What lies in layers and runs and is referred to by nothing. */
export function findGarbage(
  { layout }: Parts,
  readState: () => State,
): { readonly level: string; readonly path: string }[] {
  // Listed before the ledger is read: whatever is in the list, the ledger knew it by then.
  const layers = levels.flatMap((level) => entriesOf(layout.layers(level)).map((id) => ({ level, id })));
  const runs = levels.flatMap((level) => entriesOf(layout.runs(level)).map((id) => ({ level, id })));
  const state = readState();
  const used = layersInUse(state);
  return [
    ...layers
      .filter(({ level, id }) => !used.has(`${level}/${id}`))
      .map(({ level, id }) => ({ level, path: join(layout.layers(level), id) })),
    ...runs
      .filter(({ id }) => !isOpen(state, id))
      .map(({ level, id }) => ({ level, path: join(layout.runs(level), id) })),
  ];
}

function isOpen(state: State, id: string): boolean {
  return state.leases.has(id) || state.works.has(id);
}

async function deleteDoomed({ layout, background }: Parts): Promise<void> {
  const paths = levels.flatMap((level) =>
    entriesOf(layout.doomed(level)).map((id) => join(layout.doomed(level), id)),
  );
  for (const path of paths) openWork(join(path, 'work'));
  try {
    background.complain(await deleteTrees(paths));
  } catch (error) {
    // Whoever sweeps next deletes it.
    if (!isErrno(error, 'EAGAIN', 'ENOMEM')) throw error;
  }
}
