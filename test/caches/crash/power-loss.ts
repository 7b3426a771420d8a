import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BackEnd, Lease, Store } from '../../../src/caches/store.ts';
import {
  cutsOf,
  type Cut,
  type Outcome,
  record,
  type Report,
  type Share,
  Tally,
} from '../../support/crash/every-cut.ts';
import { requestOf } from '../store-request.ts';
import { allowed, allowedUnlessDurable, expectedOf, fork, trusted } from './expected.ts';
import { whatIsLeft } from './left.ts';
import type { Programs } from './programs.ts';

export interface Life {
  readonly backEnd: BackEnd;
  readonly durable: boolean;
}

export const lives: readonly Life[] = [
  { backEnd: 'overlay', durable: true },
  { backEnd: 'direct', durable: true },
  { backEnd: 'overlay', durable: false },
  { backEnd: 'direct', durable: false },
];

export const nameOf = ({ backEnd, durable }: Life): string => `${backEnd}${durable ? ', durable' : ''}`;

/** Records a life, and has the store start on what each power loss, and each kill, leaves of it. */
export async function tryPowerLoss(
  folder: string,
  { scenario, openStore }: Programs,
  life: Life,
  share: Share,
  untilWrong = false,
): Promise<Report> {
  const place = mkdtempSync(join(folder, 'power-'));
  const root = join(place, 'caches');
  mkdirSync(root);
  const { backEnd, durable } = life;
  const command = [process.execPath, scenario, root, backEnd, durable ? 'durable' : 'plain'];
  const recording = record(root, place, command, { PATH: process.env['PATH'] ?? '' });
  const tally = new Tally(nameOf(life), recording.changes.length);
  const cuts = cutsOf(recording, 'any order', share);
  // Most of it is waiting for processes that delete.
  const workers = Array.from({ length: 12 }, async (_, number) => {
    const other = join(place, `caches-${number}`);
    for (const cut of cuts) {
      cut.state.write(other);
      // The machine was started again.
      const store = await openStore(other, { backEnd, durable, boot: 'afterwards', epochLength: 12 });
      tally.add(cut.what, await judge(other, store, life, cut));
      rmSync(other, { recursive: true, force: true });
      if (untilWrong && tally.wrong.length > 0) break;
    }
  });
  await Promise.all(workers);
  rmSync(place, { recursive: true, force: true });
  return tally.report;
}

async function judge(
  root: string,
  store: Store,
  { backEnd, durable }: Life,
  { done }: Cut,
): Promise<Outcome> {
  const told = done.flatMap((change) => (change.kind === 'told' ? [change.text] : [])).join('');
  const last = [...told.matchAll(/^(\d+) done$/gm)].length - 1;
  const wrong = (why: string): Outcome => ({ verdict: 'wrong', why: `after step ${last}: ${why}` });
  try {
    const mended = await store.reconcile();
    await store.drain();
    const left = await whatIsLeft(root, store, !durable);
    if (left !== null) return wrong(left);
    for (const name of Object.keys(expectedOf(backEnd, true))) {
      const content = await contentOf(store, name);
      const may = durable ? allowed(backEnd, name, last, true) : allowedUnlessDurable(backEnd, name, last);
      if (!may.includes(content))
        return wrong(`${name} holds ${content}, not ${may.join(' or ')} (${mended.join('; ')})`);
    }
    const lease = await store.lease(requestOf('after'));
    writeFileSync(join(directoriesOf(lease)[0] ?? '', 'file'), 'well');
    const { kind } = await lease.commit();
    if (kind !== 'committed') return wrong(`a normal run afterwards is ${kind}`);
    await store.drain();
    const after = await whatIsLeft(root, store, !durable);
    if (after !== null) return wrong(`after a normal run: ${after}`);
    return { verdict: mended.length > 0 ? 'mended' : 'complete', why: '' };
  } catch (error) {
    return wrong(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

/** What a run of that cache starts from, as `path: text` of each file; null when it starts cold. */
async function contentOf(store: Store, name: string): Promise<string | null> {
  // Else what the fork starts from would be looked at.
  const listed = await store.list();
  if (!listed.some((cache) => cache.name === name && cache.instances.length > 0)) return null;
  const lease = await store.lease([trusted, fork].find((one) => one.name === name) ?? requestOf(name));
  if (lease.from === null) {
    await lease.rollBack('it was only looked at');
    return null;
  }
  const files = new Map<string, string>();
  // Lowest first: what is above is what a task sees.
  for (const directory of directoriesOf(lease).toReversed()) {
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(`.${path.slice(directory.length)}`, readFileSync(path, 'utf8').trim());
    }
  }
  await lease.commit();
  const sorted = [...files].sort(([one], [other]) => (one < other ? -1 : 1));
  return sorted.map(([path, text]) => `${path}: ${text}`).join(' ');
}

function directoriesOf({ mount }: Lease): readonly string[] {
  return mount.kind === 'bind' ? [mount.source] : [mount.upper, ...mount.lower];
}
