import { existsSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fail } from '../../base/failure.ts';
import { isErrno } from '../../base/files.ts';
import { compareCodePoints } from '../../base/hash.ts';
import { didYouMean, nearest } from '../../base/suggest.ts';
import type { Mistakes } from '../mistakes.ts';
import { isMapping, type Mapping } from '../values/plain.ts';
import { isUnreadable } from '../values/unreadable.ts';
import { oldKindKeys } from './old-names.ts';
import { anything, custom, described, keys, listOf, mapOf, type Shape, text } from './shape.ts';
import { readTaskFiles, type TaskFile } from './task-file.ts';
import { readMapping, type YamlFile } from './yaml-file.ts';

/** A kind.yml whose shape is right. */
export interface KindFile {
  readonly name: string;
  /** `<root>/kinds/<name>`, as the user would type it */
  readonly path: string;
  /** the same folder, to be opened */
  readonly folder: string;
  readonly file: YamlFile;
  readonly config: Mapping;
  readonly loader: string;
  readonly dependencies: readonly string[];
  readonly transforms: readonly string[];
  readonly taskFiles: readonly TaskFile[];
}

const task: Shape = custom(
  () => ({ type: 'object' }),
  (value, path, tell) => {
    if (isMapping(value)) return;
    const message = `task "${path.at(-1)}" must be a mapping`;
    tell({ message: value === null ? `${message}; it is empty` : message, path });
  },
);
const names = listOf(text);

export const kindKeys: Readonly<Record<string, Shape>> = {
  loader: described('How tasks are found: taskgraph.loader.transform:loader.', text),
  'kind-dependencies': described('Kinds whose tasks the transforms of this one see.', names),
  transforms: described('What makes task definitions of the tasks, in this order.', names),
  tasks: described('Tasks by name.', mapOf(task)),
  'tasks-from': described('Further files of this folder with tasks by name.', names),
  'task-defaults': described('What every task begins with.', mapOf(anything)),
};
const kindShape = keys({ optional: kindKeys, unknown: 'allowed' });
const knownKeys = Object.keys(kindKeys);

/** The names of the kinds in `<folder>/kinds`, sorted: the order of a folder differs from machine to machine. */
export function kindNames(folder: string): string[] {
  try {
    const entries = readdirSync(join(folder, 'kinds'));
    return entries
      .filter((name) => existsSync(join(folder, 'kinds', name, 'kind.yml')))
      .sort(compareCodePoints);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    if (!isUnreadable(error)) throw error;
    return fail('configuration', `${folder}/kinds is no folder that can be read: ${error.code}`);
  }
}

/** Reads and checks one of the kinds `all`; null when it is wrong, which is in `mistakes` then. */
export function readKind(
  { folder, root, all }: { readonly folder: string; readonly root: string; readonly all: readonly string[] },
  name: string,
  mistakes: Mistakes,
): KindFile | null {
  const path = posix.join(root, 'kinds', name);
  const read = readMapping(join(folder, 'kinds', name, 'kind.yml'), posix.join(path, 'kind.yml'));
  if (!read.ok) {
    mistakes.add(read.error);
    return null;
  }
  const file = read.value;
  for (const warning of file.warnings) mistakes.add(warning);
  const config = file.value;
  let isRight = true;
  kindShape(config, [], ({ message, path: at, hint }) => {
    isRight = false;
    mistakes.add({
      severity: 'error',
      message,
      place: file.placeOf(at),
      ...(hint === undefined ? {} : { hint }),
    });
  });
  checkKeys(file, config, mistakes);
  const dependencies = textsOf(config['kind-dependencies']);
  checkDependencies(file, dependencies, all, mistakes);
  const place = { path, folder: join(folder, 'kinds', name), file };
  const taskFiles = readTaskFiles({ ...place, tasksFrom: textsOf(config['tasks-from']) }, mistakes);
  if (!isRight) return null;
  return {
    ...place,
    name,
    config,
    loader: (config.loader as string | undefined) ?? 'taskgraph.loader.default:loader',
    dependencies,
    transforms: textsOf(config.transforms),
    taskFiles,
  };
}

/** The texts in a list; what else is in it has been told. */
function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function checkDependencies(
  file: YamlFile,
  dependencies: readonly string[],
  all: readonly string[],
  mistakes: Mistakes,
): void {
  for (const [index, name] of dependencies.entries()) {
    if (all.includes(name)) continue;
    const hint = didYouMean(name, all);
    const place = file.placeOf(['kind-dependencies', index]);
    mistakes.add({
      severity: 'error',
      message: `there is no kind "${name}"`,
      place,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** Other keys are free, people keep anchors there; but some are clearly meant to be one of ours. */
function checkKeys(file: YamlFile, config: Mapping, mistakes: Mistakes): void {
  // A loader of one's own may still read them.
  const { loader = 'taskgraph.loader.' } = config;
  const isBuiltIn = typeof loader === 'string' && loader.startsWith('taskgraph.loader.');
  const isEmpty = isBuiltIn && !('tasks' in config || 'tasks-from' in config);
  for (const key of Object.keys(config)) {
    if (knownKeys.includes(key)) continue;
    const modern = oldKindKeys.get(key);
    if (modern !== undefined) {
      mistakes.add({
        severity: isEmpty ? 'error' : 'warning',
        message: `"${key}" is a key of taskgraph before release 6 and means nothing now`,
        place: file.placeOf([key]),
        hint: `it is called "${modern}" now`,
      });
      continue;
    }
    const near = nearest(key, knownKeys);
    if (near === undefined || Object.hasOwn(config, near)) continue;
    mistakes.add({
      severity: 'warning',
      message: `unknown key "${key}" is ignored`,
      place: file.placeOf([key]),
      hint: `did you mean "${near}"?`,
    });
  }
}
