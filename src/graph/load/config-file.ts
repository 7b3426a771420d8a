import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { FailureError } from '../../base/failure.ts';
import { priorities } from '../../task/definition.ts';
import type { GraphConfig } from '../graph-config.ts';
import type { Mistakes } from '../mistakes.ts';
import { isMapping, type Mapping } from '../values/plain.ts';
import { regexMistake } from '../values/python-regex.ts';
import { durationOf } from '../values/time.ts';
import {
  described,
  either,
  flag,
  keyedBy,
  keys,
  listOf,
  mapOf,
  nullable,
  oneOf,
  restricted,
  type Shape,
  text,
} from './shape.ts';
import { readMapping, type YamlFile } from './yaml-file.ts';

const byLevel = keyedBy(['level'], text);
const isFlag = (value: unknown) => typeof value === 'boolean';

/** `<trust domain>-level-<level>` is an identifier in Taskcluster, which has 38 letters at most. */
const trustDomain = restricted(
  text,
  (value, path, tell) => {
    if (/^[a-zA-Z0-9_-]{1,30}$/.test(value as string)) return;
    const message = `"trust-domain" ${JSON.stringify(value)} is no identifier`;
    tell({ message, path, hint: 'at most 30 letters, digits, _ and -' });
  },
  { pattern: '^[a-zA-Z0-9_-]{1,30}$' },
);

const alias = keys({
  required: {
    provisioner: described('"{trust-domain}", "{level}" and "{alias}" are filled in.', byLevel),
    implementation: described('docker-worker, generic-worker, ...', text),
    os: described('linux, windows, macosx, ...', text),
    'worker-type': described('"{trust-domain}", "{level}" and "{alias}" are filled in.', byLevel),
  },
});
const repository = keys({
  required: { name: described('What people call it.', text) },
  optional: {
    'project-regex': described(
      'Projects that are this repository; needed when there are several.',
      nullable(text),
    ),
    'ssh-secret-name': described('The secret with the key to clone it.', nullable(text)),
    'default-repository': described(
      'Where it is cloned from when it is not the current one.',
      nullable(text),
    ),
    'default-ref': described('The branch that is checked out then.', nullable(text)),
    type: described('git or hg.', nullable(text)),
  },
  unknown: 'allowed',
});
const useCaches = either(isFlag, flag, listOf(oneOf(['cargo', 'checkout', 'npm', 'pip', 'uv'])));
const taskgraph = keys({
  required: {
    repositories: described(
      'What tasks check out; the keys are prefixes of variables and options.',
      mapOf(repository, 1),
    ),
  },
  optional: {
    register: described('Code that is called first, "module:function".', nullable(text)),
    'decision-parameters': described('Code that changes parameters, "module:function".', nullable(text)),
    'cached-task-prefix': described(
      'Where cached tasks are indexed; default: the trust domain.',
      nullable(text),
    ),
    'cache-pull-requests': described('Whether pull requests index what they make.', nullable(flag)),
    'index-path-regexes': nullable(listOf(text)),
    run: described('Defaults of "run".', nullable(keys({ optional: { 'use-caches': nullable(useCaches) } }))),
    'disabled-actions': described('Actions that are not offered.', nullable(listOf(text))),
  },
});

/** Keys that may be empty are those that the reference takes for absent then. */
export const configShape: Shape = keys({
  required: {
    'trust-domain': described('Begins the names of caches, indexes and scopes.', trustDomain),
    'task-priority': described('How urgent tasks are.', keyedBy(['project', 'level'], oneOf(priorities))),
    workers: described(
      'What runs the tasks.',
      keys({
        required: {
          aliases: described(
            'Names for "worker-type", or regular expressions of them, to workers.',
            mapOf(alias),
          ),
        },
      }),
    ),
    taskgraph: described('How tasks are made.', taskgraph),
  },
  optional: {
    'docker-image-kind': described('Where images are found that are built here.', nullable(text)),
    index: described(
      'For "index" of tasks.',
      nullable(
        keys({
          optional: { products: described('Products that there are.', listOf(text)) },
          unknown: 'allowed',
        }),
      ),
    ),
    treeherder: described(
      'For "treeherder" of tasks.',
      nullable(
        keys({
          optional: { 'group-names': described('Symbols of groups to their names.', mapOf(text)) },
          unknown: 'allowed',
        }),
      ),
    ),
    'task-deadline-after': described('Default: "1 day".', nullable(keyedBy(['project'], text))),
    'task-expires-after': described('At level 1; default: "28 days".', nullable(text)),
  },
  unknown: 'allowed',
});

export interface ConfigFile {
  readonly file: YamlFile;
  readonly config: GraphConfig;
}

/** Reads and checks `<root>/config.yml`; null when it is wrong, which is in `mistakes` then. */
export function readConfig(folder: string, root: string, mistakes: Mistakes): ConfigFile | null {
  const path = join(folder, 'config.yml');
  const shown = posix.join(root, 'config.yml');
  if (!existsSync(path)) throw notThere(folder, root, shown);
  const read = readMapping(path, shown);
  if (!read.ok) {
    mistakes.add(read.error);
    return null;
  }
  const file = read.value;
  for (const warning of file.warnings) mistakes.add(warning);
  let isRight = true;
  configShape(file.value, [], ({ message, path: at, hint }) => {
    isRight = false;
    mistakes.add({
      severity: 'error',
      message,
      place: file.placeOf(at),
      ...(hint === undefined ? {} : { hint }),
    });
  });
  if (!isRight) return null;
  warnOfDurations(file, mistakes);
  const config = file.value as GraphConfig & Mapping;
  warnOfAliases(file, config, mistakes);
  return { file, config };
}

/** Names of aliases are regular expressions too, but are read as such only for a worker type of another name. */
function warnOfAliases(file: YamlFile, { workers }: GraphConfig, mistakes: Mistakes): void {
  for (const alias of Object.keys(workers.aliases)) {
    const message = regexMistake(alias);
    if (message === null) continue;
    mistakes.add({ severity: 'warning', message, place: file.placeOf(['workers', 'aliases', alias]) });
  }
}

/** taskgraph reads them only when tasks are created. */
function warnOfDurations(file: YamlFile & { readonly value: Mapping }, mistakes: Mistakes): void {
  const look = (value: unknown, path: readonly string[]): void => {
    if (isMapping(value)) for (const [key, part] of Object.entries(value)) look(part, [...path, key]);
    if (typeof value !== 'string') return;
    const duration = durationOf(value);
    if (typeof duration === 'number') return;
    mistakes.add({ severity: 'warning', message: duration, place: file.placeOf(path) });
  };
  for (const key of ['task-deadline-after', 'task-expires-after']) look(file.value[key], [key]);
}

function notThere(folder: string, root: string, shown: string): FailureError {
  const isOld = existsSync(join(folder, 'ci', 'config.yml'));
  return new FailureError({
    kind: 'configuration',
    message: `there is no ${shown}`,
    hint: isOld
      ? `${posix.join(root, 'ci')} is the layout of old releases of taskgraph: move its config.yml to ${shown} and its kinds to ${posix.join(root, 'kinds')}`
      : 'name the folder that has config.yml with -r',
  });
}
