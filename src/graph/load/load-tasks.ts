import type { Draft } from '../transforms/transform.ts';
import { deepCopy } from '../values/copy.ts';
import { mergeTemplates } from '../values/merge.ts';
import type { Mapping } from '../values/plain.ts';
import type { KindFile } from './kind-file.ts';
import type { Origins, Spot } from './origins.ts';

/**
 * The tasks of a kind as its files have them, with their defaults merged in: those of kind.yml, then those of the files
 * in `tasks-from`. Each draft is new and has its origin noted.
 */
export function* loadTasks(kind: KindFile, origins: Origins): Generator<Draft> {
  const { config, file } = kind;
  const kindDefaults = nonEmpty(config['task-defaults'] as Mapping | undefined);
  const kindSpot: Spot = { file, path: ['task-defaults'] };

  for (const [name, task] of file.entries((config.tasks ?? {}) as Mapping, ['tasks'])) {
    const draft = withDefaults(kindDefaults, task as Mapping, 'kind.yml', name);
    const defaults = kindDefaults === null ? [] : [kindSpot];
    origins.set(draft, { kind: kind.name, name, spot: { file, path: ['tasks', name] }, defaults });
    yield draft;
  }

  for (const taskFile of kind.taskFiles) {
    const fileDefaults = nonEmpty(taskFile.defaults);
    const merged = kindDefaults === null ? fileDefaults : mergeTemplates(kindDefaults, fileDefaults ?? {});
    const defaults = [
      ...(fileDefaults === null ? [] : [{ file: taskFile.file, path: ['task-defaults'] }]),
      ...(kindDefaults === null ? [] : [kindSpot]),
    ];
    for (const [name, task] of taskFile.file.entries(taskFile.tasks, [])) {
      const draft = withDefaults(merged, task as Mapping, taskFile.name, name);
      origins.set(draft, { kind: kind.name, name, spot: { file: taskFile.file, path: [name] }, defaults });
      yield draft;
    }
  }
}

function nonEmpty(defaults: Mapping | null | undefined): Mapping | null {
  return defaults && Object.keys(defaults).length > 0 ? defaults : null;
}

function withDefaults(defaults: Mapping | null, task: Mapping, from: string, name: string): Draft {
  // Copied in any case: parts of a file can be shared through anchors, a draft belongs to the transforms.
  const draft = defaults === null ? deepCopy(task) : mergeTemplates(defaults, task);
  draft['task-from'] = from;
  draft.name = name;
  return draft;
}
