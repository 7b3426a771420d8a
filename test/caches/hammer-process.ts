import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../src/caches/open-store.ts';
import type { BackEnd, Lease } from '../../src/caches/store.ts';
import { readLayers } from './model/view.ts';
import { requestOf } from './store-request.ts';

/**
 * Uses a store until it is killed: `node hammer-process.ts ROOT BACKEND`. Every run writes two files of one name; a
 * tree with one alone is torn. Prints a line for each lease that ended, with the generation that was acknowledged.
 */
const [root, backEnd] = process.argv.slice(2);
const store = await openStore(root!, { backEnd: backEnd as BackEnd, epochLength: 25 });
const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const written = ({ mount }: Lease): string => (mount.kind === 'bind' ? mount.source : mount.upper);
for (let round = 0; ; round++) {
  const dice = randomBytes(1)[0]! % 20;
  const name = `cache-${dice % 3}`;
  const lease = await store.lease(requestOf(name, { onConflict: 'own' }));
  const { mount } = lease;
  const names = [...readLayers(mount.kind === 'bind' ? [mount.source] : mount.lower).keys()].sort();
  const halves = names.filter(
    (file) => !names.includes(file.replace(/\.[12]$/, file.endsWith('.1') ? '.2' : '.1')),
  );
  if (halves.length > 0) say(`torn: ${lease.id} ${lease.from?.instance ?? 'cold'} ${halves.join()}`);
  const file = join(written(lease), lease.id);
  writeFileSync(`${file}.1`, '');
  await new Promise((resolve) => setTimeout(resolve, dice % 4));
  writeFileSync(`${file}.2`, '');
  if (dice === 0) await lease.purge('its task').then(() => say('purged'));
  else if (dice < 4) await lease.rollBack('by chance').then(() => say('rolled back'));
  else {
    const outcome = await lease.commit();
    say(outcome.kind === 'committed' ? `committed ${outcome.instance} ${outcome.generation}` : outcome.kind);
  }
  if (round % 6 === 5) await store.reconcile();
  if (round % 9 === 8) await store.drain();
}
