import { slugid } from '../../base/slugid.ts';
import type { GraphMistake } from '../check-graph.ts';
import { keys, mapOf, listOf, anything, text } from '../load/shape.ts';
import type { GraphTask } from '../task-graph.ts';
import type { TransformContext } from '../transforms/transform.ts';
import { isMapping, type Mapping } from '../values/plain.ts';
import type * as api from './api.ts';
import { pluginError } from './call.ts';
import { surroundingsFor } from './config.ts';
import { GraphView, viewOf } from './graph-view.ts';
import { takeBackMapping } from './hand-over.ts';
import type { PluginExport } from './modules.ts';
import type { Registry } from './registry.ts';

// What plugins register for whole graphs. What they throw is reported.

export type GraphPlace = Pick<TransformContext, 'params' | 'graphConfig' | 'root' | 'repository'>;
type Report = (mistake: GraphMistake) => void;

export function asTargetMethod(
  plugin: PluginExport,
  place: GraphPlace,
  given: api.TargetMethod,
): Registry['targetMethods'] extends ReadonlyMap<string, infer Method> ? Method : never {
  return (tasks, _, report) =>
    guarded(plugin, report, [], () => {
      const labels = [...given(new GraphView(tasks), surroundings(place, report))];
      const stranger = labels.find((label) => !tasks.has(label));
      if (stranger === undefined) return labels;
      report(ofPlugin(plugin, `${plugin.name} gives "${stranger}", which is no task`));
      return [];
    });
}

export function asVerification(
  plugin: PluginExport,
  place: GraphPlace,
  given: api.Verification,
): Registry['verifications'][number]['verify'] {
  return (tasks, report) =>
    guarded(plugin, report, undefined, () => given(byLabel(tasks), surroundings(place, report)));
}

export function asMorph(
  plugin: PluginExport,
  place: GraphPlace,
  given: api.Morph,
): Registry['morphs'][number] {
  return (tasks, report) =>
    guarded(plugin, report, tasks, () => {
      const known = new Map<unknown, GraphTask>(tasks.map((task) => [viewOf(task), task]));
      const made = [...given(tasks.map(viewOf), surroundings(place, report))];
      return made.flatMap((task) => known.get(task) ?? taskOf(plugin, task, report));
    });
}

const taskShape = keys({
  required: { label: text, kind: text, task: mapOf(anything) },
  optional: {
    description: text,
    attributes: mapOf(anything),
    dependencies: mapOf(text),
    softDependencies: listOf(text),
    ifDependencies: listOf(text),
    optimization: anything,
    taskId: text,
  },
});

/** A task that a plugin has made or changed; none when it has not the form of one, which is reported. */
function taskOf(plugin: PluginExport, given: unknown, report: Report): GraphTask | readonly [] {
  const task = takeBackMapping(given);
  let isRight = true;
  taskShape(task, [], ({ message }) => {
    isRight = false;
    report(ofPlugin(plugin, `${plugin.name} gives a task that is not right: ${message}`));
  });
  if (!isRight) return [];
  return {
    description: '',
    attributes: {},
    dependencies: {},
    softDependencies: [],
    ifDependencies: [],
    optimization: null,
    taskId: slugid(),
    ...(task as Mapping & { kind: string; label: string; task: Mapping }),
  };
}

function guarded<T>(plugin: PluginExport, report: Report, otherwise: T, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { message, path, hint, place } = pluginError(plugin, error);
    const about = (error as { task?: unknown } | null)?.task;
    const label = isMapping(about) ? about['label'] : undefined;
    report({
      severity: 'error',
      message,
      path,
      ...(typeof label === 'string' ? { label } : {}),
      ...(hint === undefined ? {} : { hint }),
      ...(place === undefined && typeof label === 'string' ? {} : { place: place ?? plugin.place }),
    });
    return otherwise;
  }
}

function ofPlugin(plugin: PluginExport, message: string): GraphMistake {
  return { severity: 'error', message, place: plugin.place };
}

function surroundings(place: GraphPlace, report: Report): api.Surroundings {
  return surroundingsFor(place, ({ message, severity = 'error', task, path, hint }) => {
    const label = isMapping(task) ? task['label'] : task;
    report({
      severity,
      message,
      ...(typeof label === 'string' ? { label } : {}),
      ...(path === undefined ? {} : { path }),
      ...(hint === undefined ? {} : { hint }),
    });
  });
}

/** From optimization on graphs have task ids as keys; plugins see labels in every phase. */
function byLabel(tasks: ReadonlyMap<string, GraphTask>): GraphView {
  return new GraphView(new Map([...tasks.values()].map((task) => [task.label, task])));
}
