import { posix } from 'node:path';
import { canonicalJson } from '../../base/hash.ts';
import { parseName } from '../../caches/name.ts';
import type { GraphTask } from '../task-graph.ts';
import { isMapping } from '../values/plain.ts';
import { cachesOf, type FinalCache, recordsOf, volumesOf, wrapperWords } from './final-caches.ts';
import type { Verification } from './verify.ts';

const reserved = /^(checkouts|tooltool-cache)/;
/** Names that people counted up, or that belong to tools that are gone, and what to use instead. */
const deprecated: readonly (readonly [RegExp, string])[] = [
  [/^tooltool-cache/, 'use fetches: artifacts are checked by digest'],
  [/^tc-vcs|-tc-vcs$/, 'use "checkouts" with run.using: run-task'],
  [/^checkouts?-(.+-)?v\d+$/, 'use "checkouts": what would make you count up is in the name already'],
];

type Say = (message: string, hint?: string, severity?: 'error' | 'warning' | 'note') => void;

/** Caches on the final tasks, so that no transform can go round these rules. */
export const verifyCaches: Verification = (tasks, { graphConfig, parameters, report }) => {
  const prefix = `${graphConfig['trust-domain']}-level-${parameters.level}-`;
  const records = new Map<string, { readonly record: unknown; readonly label: string }>();
  const compared = new WeakSet<object>();
  const right = new Set<string>();
  for (const task of tasks.values()) {
    const { label } = task;
    let isRight = true;
    const say: Say = (message, hint, severity = 'error') => {
      isRight = false;
      const path = ['worker', hasMounts(task) ? 'mounts' : 'caches'];
      report({ severity, message, label, path, ...(hint === undefined ? {} : { hint }) });
    };
    const use = useOf(task);
    const appearance = appearanceOf(use);
    if (!right.has(appearance)) {
      for (const { name } of use.caches) verifyName(name, prefix, use.wrapped, say);
      verifyPlaces(use.caches, say);
      if (use.volumes !== null) verifyVolumes(use.volumes, use.caches, say);
      verifyCheckoutRoots(use.checkouts, use.caches, say);
      if (isRight) right.add(appearance);
    }
    for (const [name, record] of recordsOf(task)) {
      if (compared.has(record)) continue;
      compared.add(record);
      const other = records.get(name);
      if (other === undefined) records.set(name, { record, label });
      else if (canonicalJson(other.record) !== canonicalJson(record)) {
        const message = `the cache ${name} has another record than in ${other.label}`;
        say(message, 'two records must not give one name');
      }
    }
  }
};

/** What a task has to do with its caches: many have the same, which is looked at once. */
interface Use {
  readonly caches: readonly FinalCache[];
  /** run-task is the command */
  readonly wrapped: boolean;
  /** where run-task checks repositories out */
  readonly checkouts: readonly string[];
  /** all volumes that run-task is told of; null when they are not known, or nobody is told */
  readonly volumes: readonly string[] | null;
}

function useOf(task: GraphTask): Use {
  const wrapper = wrapperWords(task);
  return {
    caches: cachesOf(task),
    wrapped: wrapper !== null,
    checkouts: wrapper === null ? [] : checkoutsOf(wrapper),
    volumes: wrapper === null ? null : volumesOf(task),
  };
}

function appearanceOf({ caches, wrapped, checkouts, volumes }: Use): string {
  const places = caches.map(({ name, mountPoint }) => `${name}\t${mountPoint}`).join('\n');
  return `${wrapped}\n${checkouts.join('\t')}\n${volumes?.join('\t')}\n${places}`;
}

function hasMounts({ task }: GraphTask): boolean {
  return isMapping(task['payload']) && 'mounts' in task['payload'];
}

function verifyName(name: string, prefix: string, wrapped: boolean, say: Say): void {
  if (!name.startsWith(prefix)) {
    const message = `the cache ${name} does not belong to this trust domain and level`;
    say(message, `its name has to start with ${prefix}`);
    return;
  }
  const short = parseName(name)?.name ?? name.slice(prefix.length);
  const old = deprecated.find(([pattern]) => pattern.test(short));
  if (old !== undefined) say(`the cache name "${short}" is deprecated`, old[1], 'warning');
  if (wrapped || !reserved.test(short)) return;
  const hint = 'start the command with run-task, or take another name';
  say(`the cache "${short}" is reserved for run-task`, hint);
}

function verifyPlaces(caches: readonly FinalCache[], say: Say): void {
  const places = caches.map(({ mountPoint }) => absolute(mountPoint)).sort();
  const distinct = [...new Set(places)];
  for (const place of distinct) {
    if (places.indexOf(place) !== places.lastIndexOf(place)) say(`two caches are mounted at ${place}`);
    const folder = place === '/' ? '/' : `${place}/`;
    for (const inner of distinct.filter((other) => other !== place && other.startsWith(folder)))
      say(`the cache at ${inner} lies inside the cache at ${place}`, 'mount them beside each other');
  }
}

/** Elsewhere than in a volume, a task without the cache finds what the image has there. */
function verifyVolumes(volumes: readonly string[], caches: readonly FinalCache[], say: Say): void {
  const places = volumes.map(absolute);
  const others = caches
    .map(({ mountPoint }) => mountPoint)
    .filter((place) => !places.includes(absolute(place)));
  if (others.length === 0) return;
  const hint = `add "VOLUME ${others.join(' ')}" to the Dockerfile`;
  const [subject, predicate] = others.length === 1 ? ['cache', 'is no volume'] : ['caches', 'are no volumes'];
  say(`the ${subject} at ${others.join(', ')} ${predicate} of the image`, hint, 'note');
}

/** run-task refuses it too, but only when the task runs. */
function verifyCheckoutRoots(checkouts: readonly string[], caches: readonly FinalCache[], say: Say): void {
  const places = new Set(caches.map(({ mountPoint }) => absolute(mountPoint)));
  for (const checkout of checkouts) {
    if (!places.has(absolute(checkout))) continue;
    say(`the checkout ${checkout} is a cache's root`, 'check out into a directory below it');
  }
}

function checkoutsOf(words: readonly string[]): string[] {
  const checkouts: string[] = [];
  for (let i = 0; i < words.length && words[i] !== '--'; i++) {
    const option = words[i]!.startsWith('--') ? /^--[^=]+-checkout(?:=(.*))?$/s.exec(words[i]!) : null;
    if (option !== null) checkouts.push(option[1] ?? words[i + 1] ?? '');
  }
  return checkouts;
}

/** Places in one spelling; those of generic-worker are relative to the task's folder. */
function absolute(place: string): string {
  return posix.join('/', place.replaceAll('\\', '/'), '.');
}
