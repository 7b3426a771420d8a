import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../src/caches/open-store.ts';
import type { BackEnd } from '../../src/caches/store.ts';
import { requestOf } from './store-rig.ts';

/** One of several processes on one store: `node store-process.ts ROOT BACKEND ROUNDS`. Prints what came of each lease. */
const [root, backEnd, rounds] = process.argv.slice(2);
const store = await openStore(root!, { backEnd: backEnd as BackEnd, epochLength: 20 });
for (let round = 0; round < Number(rounds); round++) {
  const name = `cache-${round % 3}`;
  const lease = await store.lease(requestOf(name, { onConflict: 'own' }));
  const { mount } = lease;
  writeFileSync(join(mount.kind === 'bind' ? mount.source : mount.upper, `${process.pid}-${round}`), '');
  await new Promise((resolve) => setTimeout(resolve, round % 5));
  if (round % 7 === 6) await lease.rollBack('one in seven');
  else if (round % 11 === 10) await store.purge(name, 'one in eleven');
  if (round % 7 !== 6) process.stdout.write(`${(await lease.commit()).kind}\n`);
  if (round % 5 === 4) process.stdout.write(`${(await store.reconcile()).join('\n')}\n`);
}
await store.drain();
