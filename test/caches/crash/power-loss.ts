import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BackEnd, Lease, Store } from '../../../src/caches/store.ts';
import {
  cutsOf,
  type Cut,
  type Outcome,
  record,
  type Recording,
  type Report,
  type Share,
  Tally,
  toldIn,
} from '../../support/crash/every-cut.ts';
import { keptFor } from '../../../src/caches/state/checkpoint.ts';
import { pendingOf } from '../../support/crash/power-loss.ts';
import { requestOf } from '../store-request.ts';
import {
  allowed,
  allowedUnlessDurable,
  epochLengths,
  expectedOf,
  fork,
  type Life,
  type LifeName,
  trusted,
} from './expected.ts';
import { whatIsLeft } from './left.ts';
import type { Programs } from './programs.ts';

export interface RecordedLife extends Life {
  readonly isRecorded: true;
  readonly durable: boolean;
}

const lifeOf = (name: LifeName, backEnd: BackEnd, durable: boolean): RecordedLife => ({
  name,
  backEnd,
  durable,
  isRecorded: true,
});

const backEnds: readonly BackEnd[] = ['overlay', 'direct'];
export const lives: readonly RecordedLife[] = (['usual', 'long', 'damaged'] as const).flatMap((name) =>
  [true, false].flatMap((durable) => backEnds.map((backEnd) => lifeOf(name, backEnd, durable))),
);

export const nameOf = ({ name, backEnd, durable }: RecordedLife): string =>
  `${name}, ${backEnd}${durable ? ', durable' : ''}`;

/** Records a life in a directory of its own below `place`. */
export function recordLife(place: string, { scenario }: Programs, life: RecordedLife): Recording {
  const root = join(place, 'caches');
  mkdirSync(root);
  const { name, backEnd, durable } = life;
  const command = [process.execPath, scenario, root, backEnd, durable ? 'durable' : 'plain', name];
  return record(root, place, ['timeout', '100', ...command], { PATH: process.env['PATH'] ?? '' });
}

/** As `Share`, or about so many losses, whatever the number of those that are possible. */
type LifeShare = Omit<Share, 'losses'> & { readonly losses: number | { readonly about: number } };

/** How many losses `afterPowerLoss` has for all ends of a life, writes by half apart. */
function lossesOf({ changes }: Recording): number {
  return changes.reduce((sum, _, end) => {
    const pending = pendingOf(changes.slice(0, end + 1), false).length;
    return sum + 2 + pending * 2 + (pending * (pending - 1)) / 2;
  }, 0);
}

/** Records a life, and has the store start on what each power loss, and each kill, leaves of it. */
export async function tryPowerLoss(
  folder: string,
  programs: Programs,
  life: RecordedLife,
  { losses, ...share }: LifeShare,
): Promise<Report> {
  const place = mkdtempSync(join(folder, 'power-'));
  const recording = recordLife(place, programs, life);
  const tally = new Tally(nameOf(life), recording.changes.length);
  // What is damaged on purpose is so in one order only.
  const powerLoss = life.name === 'damaged' ? 'none' : 'any order';
  const part = typeof losses === 'number' ? losses : losses.about / lossesOf(recording);
  const cuts = cutsOf(recording, powerLoss, { ...share, losses: part });
  await judgeAll(place, programs, life, cuts, ({ what }, outcome) => {
    tally.add(what, outcome);
    return true;
  });
  rmSync(place, { recursive: true, force: true });
  return tally.report;
}

/** Has the store start on each of those states, until `take` says false. */
export async function judgeAll(
  place: string,
  { openStore }: Programs,
  life: RecordedLife,
  cuts: Iterable<Cut>,
  take: (cut: Cut, outcome: Outcome) => boolean,
): Promise<void> {
  const { backEnd, durable } = life;
  let goesOn = true;
  const shared = cuts[Symbol.iterator]();
  // Most of it is waiting for processes that delete.
  const workers = Array.from({ length: 12 }, async (_, number) => {
    const root = join(place, `caches-${number}`);
    while (goesOn) {
      const { value: cut, done } = shared.next() as IteratorResult<Cut, undefined>;
      if (done) break;
      cut.state.write(root);
      // The machine was started again.
      const options = { backEnd, durable, boot: 'afterwards', epochLength: epochLengths[life.name] };
      const outcome = await judge(root, await openStore(root, options), life, cut);
      goesOn &&= take(cut, outcome);
      rmSync(root, { recursive: true, force: true });
    }
  });
  await Promise.all(workers);
}

async function judge(root: string, store: Store, life: RecordedLife, { done }: Cut): Promise<Outcome> {
  const { durable } = life;
  const last = [...toldIn(done).matchAll(/^(\d+) done$/gm)].length - 1;
  const wrong = (why: string): Outcome => ({ verdict: 'wrong', why: `after step ${last}: ${why}` });
  const mayBeAside = !durable || life.name === 'damaged';
  try {
    const mended = await store.reconcile();
    await store.drain();
    const left = (await whatIsLeft(root, store, mayBeAside)) ?? (await whatIsOld(store));
    if (left !== null) return wrong(left);
    const { backEnd } = await store.diagnose();
    if (backEnd !== life.backEnd) return wrong(`its back end is ${backEnd}`);
    for (const name of Object.keys(expectedOf(life))) {
      const content = await contentOf(store, name);
      const may = durable ? allowed(life, name, last) : allowedUnlessDurable(life, name, last);
      if (!may.includes(content))
        return wrong(`${name} holds ${content}, not ${may.join(' or ')} (${mended.join('; ')})`);
    }
    const lease = await store.lease(requestOf('after'));
    writeFileSync(join(directoriesOf(lease)[0] ?? '', 'file'), 'well');
    const { kind } = await lease.commit();
    if (kind !== 'committed') return wrong(`a normal run afterwards is ${kind}`);
    await store.drain();
    const after = await whatIsLeft(root, store, mayBeAside);
    if (after !== null) return wrong(`after a normal run: ${after}`);
    return { verdict: mended.length > 0 ? 'mended' : 'complete', why: '' };
  } catch (error) {
    return wrong(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

/** Epochs that ended long ago and that nothing descends from, but are kept; in the long life all is cold before the first that is not. */
async function whatIsOld(store: Store): Promise<string | null> {
  const caches = await store.list();
  if (caches.some(({ name, instances }) => name === 'a' && instances.length > 0)) return null;
  const since = Date.now() - keptFor;
  const epochs = new Map<number, boolean>();
  for (const { epoch, at } of store.entries())
    epochs.set(epoch, (epochs.get(epoch) ?? true) && Date.parse(at) < since);
  // The last one goes on.
  const old = [...epochs].slice(0, -1).flatMap(([epoch, isOld]) => (isOld ? [epoch] : []));
  return old.length > 0 ? `epochs that are too old: ${old.join()}` : null;
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
