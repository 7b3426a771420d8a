import { join } from 'node:path';
import { openStore } from '../caches/open-store.ts';
import type { Store } from '../caches/store.ts';
import { openHome } from './home.ts';

/** The caches of this machine, where `caisson run` keeps them. */
export function openCaches(): Promise<Store> {
  return openStore(join(openHome(process.env), 'caches'));
}
