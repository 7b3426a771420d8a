import { posix } from 'node:path';
import { canonicalJson } from '../../base/hash.ts';
import { isMapping } from '../values/plain.ts';
import type { GraphTask } from '../task-graph.ts';
import type { GraphMistake, Verification } from './verify.ts';

const reserved = /^(checkouts|tooltool-cache)/;
/** Names that people counted up, or that belong to tools that are gone, and what to use instead. */
const deprecated: readonly (readonly [RegExp, string])[] = [
  [/^tooltool-cache$/, 'use fetches: artifacts are checked by digest'],
  [/-tc-vcs$|^tc-vcs/, 'use "checkouts" with run.using: run-task'],
  [/^checkouts?-.*v\d+$/, 'use "checkouts": what would make you count up is in the name already'],
];

/** Caches on the final tasks, so that no transform can go round these rules. */
export const verifyCaches: Verification = (tasks, { graphConfig, parameters, report }) => {
  const prefix = `${graphConfig['trust-domain']}-level-${parameters.level}-`;
  const records = new Map<string, { readonly text: string; readonly label: string }>();
  for (const task of tasks.values()) {
    const { label } = task;
    const say = (message: string, hint?: string, severity: GraphMistake['severity'] = 'error'): void =>
      report({ severity, message, label, ...(hint === undefined ? {} : { hint }) });
    const caches = cachesOf(task);
    const wrapped = startsWithRunTask(task);
    for (const [name] of caches) {
      if (!name.startsWith(prefix)) {
        say(
          `the cache ${name} does not belong to this trust domain and level`,
          `its name has to start with ${prefix}`,
        );
        continue;
      }
      const short = name.slice(prefix.length).replace(/-v1-[0-9a-f]{20}(-.+)?$/s, '');
      const old = deprecated.find(([pattern]) => pattern.test(short));
      if (old !== undefined) say(`the cache name "${short}" is deprecated`, old[1], 'warning');
      if (reserved.test(short) && !wrapped) {
        say(
          `the cache "${short}" is reserved for run-task`,
          'start the command with run-task, or take another name',
        );
      }
    }
    verifyPlaces(caches, say);
    verifyCheckoutRoots(task, caches, say);
    for (const [name, record] of recordsOf(task)) {
      const text = canonicalJson(record);
      const other = records.get(name);
      if (other !== undefined && other.text !== text) {
        say(
          `the cache ${name} has another record than in ${other.label}`,
          'two records must not give one name',
        );
      }
      records.set(name, { text, label });
    }
  }
};

type Say = (message: string, hint?: string) => void;

function verifyPlaces(caches: readonly (readonly [string, string])[], say: Say): void {
  const places = caches.map(([, place]) => posix.normalize(place).replace(/(?<=.)\/$/, '')).sort();
  for (const [i, place] of places.entries()) {
    if (places[i + 1] === place) say(`two caches are mounted at ${place}`);
    const inner = places.find((other) => other.startsWith(`${place}/`));
    if (inner !== undefined) say(`the cache at ${inner} lies inside the cache at ${place}`);
  }
}

/** run-task refuses it too, but only when the task runs. */
function verifyCheckoutRoots(
  task: GraphTask,
  caches: readonly (readonly [string, string])[],
  say: Say,
): void {
  const places = new Set(caches.map(([, place]) => posix.join('/', place, '.')));
  for (const word of commandOf(task)) {
    const checkout = /^--[a-z0-9-]+-checkout=(.+)$/.exec(word)?.[1];
    if (checkout === undefined || !places.has(posix.join('/', checkout).replace(/\/$/, ''))) continue;
    say(`the checkout ${checkout} is a cache's root`, 'check out into a directory below it');
  }
}

/** Name and mount point of every cache of a task, on either worker. */
function cachesOf({ task }: GraphTask): [string, string][] {
  const payload = isMapping(task['payload']) ? task['payload'] : {};
  const found: [string, string][] = [];
  const cache = referenced(payload['cache']);
  for (const [name, place] of Object.entries(cache)) if (typeof place === 'string') found.push([name, place]);
  for (const mount of Array.isArray(payload['mounts']) ? (payload['mounts'] as unknown[]) : []) {
    if (!isMapping(mount) || typeof mount['directory'] !== 'string') continue;
    const name = typeof mount['cacheName'] === 'string' ? mount['cacheName'] : referenced(mount)['cacheName'];
    if (typeof name === 'string') found.push([name, mount['directory']]);
  }
  return found;
}

function recordsOf({ task }: GraphTask): [string, unknown][] {
  const extra = isMapping(task['extra']) ? task['extra'] : {};
  const caisson = isMapping(extra['caisson']) ? extra['caisson'] : {};
  return Object.entries(referenced(caisson['caches'])).flatMap(([name, entry]) =>
    isMapping(entry) && entry['record'] !== undefined ? [[name, entry['record']] as [string, unknown]] : [],
  );
}

function referenced(value: unknown): Record<string, unknown> {
  if (!isMapping(value)) return {};
  const inner = value['task-reference'];
  return isMapping(inner) ? inner : value;
}

/** On docker-worker the program itself; generic-worker's commands are shell lines and lists of lists. */
function startsWithRunTask(task: GraphTask): boolean {
  const payload = isMapping(task.task['payload']) ? task.task['payload'] : {};
  const words = commandOf(task);
  if ('image' in payload) return posix.basename(words[0] ?? '').startsWith('run-task');
  return words.some((word) => /(^|[/\\\\ ])run-task[^/\\\\ ]*( |$)/.test(word));
}

/** The words of the command, references unwrapped. */
function commandOf({ task }: GraphTask): string[] {
  const payload = isMapping(task['payload']) ? task['payload'] : {};
  const command = payload['command'];
  if (!Array.isArray(command)) return [];
  return (command as unknown[]).flat().flatMap((word) => {
    if (typeof word === 'string') return [word];
    const text = isMapping(word) ? (word['task-reference'] ?? word['artifact-reference']) : undefined;
    return typeof text === 'string' ? [text] : [];
  });
}
