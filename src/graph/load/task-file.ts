import { existsSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { didYouMean } from '../../base/suggest.ts';
import type { Mistakes } from '../mistakes.ts';
import { isMapping, type Mapping } from '../values/plain.ts';
import { readMapping, type YamlFile } from './yaml-file.ts';

/** A file that `tasks-from` names: tasks by name, and defaults for them. */
export interface TaskFile {
  /** as it stands in `tasks-from` */
  readonly name: string;
  readonly file: YamlFile;
  readonly tasks: Mapping;
  readonly defaults: Mapping | null;
}

/** Reads the files of a kind's `tasks-from`; those that are wrong are left out and in `mistakes`. */
export function readTaskFiles(
  kind: {
    readonly folder: string;
    readonly path: string;
    readonly file: YamlFile;
    readonly tasksFrom: readonly string[];
  },
  mistakes: Mistakes,
): TaskFile[] {
  return kind.tasksFrom.flatMap((name, index) => {
    const path = join(kind.folder, name);
    if (!existsSync(path)) {
      const others = readdirSync(kind.folder).filter(
        (entry) => entry.endsWith('.yml') && entry !== 'kind.yml',
      );
      const hint = didYouMean(name, others);
      mistakes.add({
        severity: 'error',
        message: `there is no file ${posix.join(kind.path, name)}`,
        place: kind.file.placeOf(['tasks-from', index]),
        ...(hint === undefined ? {} : { hint }),
      });
      return [];
    }
    const read = readMapping(path, posix.join(kind.path, name));
    if (!read.ok) {
      mistakes.add({ place: kind.file.placeOf(['tasks-from', index]), ...read.error });
      return [];
    }
    for (const warning of read.value.warnings) mistakes.add(warning);
    return taskFile(name, read.value, mistakes);
  });
}

function taskFile(
  name: string,
  file: YamlFile & { readonly value: Mapping },
  mistakes: Mistakes,
): TaskFile[] {
  const { 'task-defaults': defaults = null, ...tasks } = file.value;
  const wrong = Object.keys(tasks).filter((task) => !isMapping(tasks[task]));
  for (const task of wrong) {
    mistakes.add({
      severity: 'error',
      message: `task "${task}" must be a mapping`,
      place: file.placeOf([task]),
    });
  }
  if (defaults !== null && !isMapping(defaults)) {
    const place = file.placeOf(['task-defaults']);
    mistakes.add({ severity: 'error', message: '"task-defaults" must be a mapping', place });
    return [];
  }
  return wrong.length > 0 ? [] : [{ name, file, tasks, defaults }];
}
