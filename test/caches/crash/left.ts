import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../../src/caches/store.ts';

/** What is wrong with a store that was reconciled and has nothing to do, or null: open, missing, or left behind. */
export async function whatIsLeft(root: string, store: Store, mayBeAside = false): Promise<string | null> {
  const problems = await store.verify();
  if (problems.length > 0) return problems.map(({ problem }) => problem).join('; ');
  // Reading may have begun an epoch.
  await store.drain();
  const { openLeases, layers } = await store.diagnose();
  if (openLeases > 0) return `${openLeases} leases are open`;
  const trees = treesIn(root);
  if (trees.length !== layers) return `${layers} layers, on disk ${trees.join()}`;
  const known = mayBeAside
    ? /^(ledger(\.reserve|\.damaged-.*)?|level-[13])$/
    : /^(ledger(\.reserve)?|level-[13])$/;
  const ledger = join(root, 'ledger');
  const epochs = readdirSync(ledger).filter((name) => /^\d{6}$/.test(name));
  if (epochs.length > 1) return `epochs that are not packed: ${epochs.join()}`;
  const odd = [
    ...readdirSync(root).filter((name) => !known.test(name)),
    ...readdirSync(ledger).filter((name) => !/^\d{6}(\.jsonl)?$/.test(name)),
    ...epochs.flatMap((epoch) => readdirSync(join(ledger, epoch)).filter((name) => !/^\d{8}$/.test(name))),
  ];
  return odd.length > 0 ? `left behind: ${odd.join()}` : null;
}

/** Every layer, run and doomed tree on disk. */
export function treesIn(root: string): string[] {
  return ['1', '3'].flatMap((level) =>
    ['runs', 'layers', 'doomed'].flatMap((folder) => {
      const path = join(root, `level-${level}`, folder);
      return existsSync(path) ? readdirSync(path).map((name) => `${level}/${folder}/${name}`) : [];
    }),
  );
}
