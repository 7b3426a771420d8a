import * as shapes from '../load/shape.ts';
import { runsHere } from '../targets.ts';
import * as dependencies from '../values/dependencies.ts';
import * as keyed from '../values/keyed-by.ts';
import { mergeTemplates } from '../values/merge.ts';
import * as paths from '../values/path-match.ts';
import { formatPython } from '../values/python-format.ts';
import { pythonText } from '../values/python-text.ts';
import type { Config, GraphTask, Infer, Parameters, Path, Schema, Task, Transform } from './api.ts';

/** The version of this interface. Write the number you need: `export const apiVersion = 1;` in your own module. */
export const apiVersion = 1;

/** Something that the author of a task has to put right; ends the work on it. */
export class TaskError extends Error {
  override readonly name: string = 'TaskError';
  /** default: the task that was taken last */
  readonly task: object | undefined;
  readonly path: Path;
  readonly hint: string | undefined;

  constructor(
    message: string,
    about: { readonly task?: object; readonly path?: Path; readonly hint?: string } = {},
  ) {
    super(message);
    this.task = about.task;
    this.path = about.path ?? [];
    this.hint = about.hint;
  }
}

export const text: Schema<string> = shapes.text;
/** a whole number */
export const integer: Schema<number> = shapes.integer;
/** true or false */
export const flag: Schema<boolean> = shapes.flag;
export const anything: Schema = shapes.anything;

/** null, or what the schema says */
export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  return shapes.nullable(schema);
}

/** one of these texts */
export function oneOf<const T extends string>(words: readonly T[]): Schema<T> {
  return shapes.oneOf(words);
}

/** the first schema for values that `isFirst` says yes to, else the other */
export function either<A, B>(
  isFirst: (value: unknown) => boolean,
  first: Schema<A>,
  other: Schema<B>,
): Schema<A | B> {
  return shapes.either(isFirst, first, other);
}

export function listOf<T>(member: Schema<T>): Schema<T[]> {
  return shapes.listOf(member);
}

/** any keys, to values of one kind */
export function mapOf<T>(member: Schema<T>): Schema<{ [key: string]: T }> {
  return shapes.mapOf(member);
}

/** A mapping of known keys. With `unknown: 'allowed'` there may be others. */
export function keys<
  R extends { readonly [key: string]: Schema } = {},
  O extends { readonly [key: string]: Schema } = {},
>(known: {
  readonly required?: R;
  readonly optional?: O;
  readonly unknown?: 'allowed';
}): Schema<{ [K in keyof R]: Infer<R[K]> } & { [K in keyof O]?: Infer<O[K]> }> {
  return shapes.keys(known);
}

/** a value, or `by-<name>` mappings of such values */
export function keyedBy<T>(names: readonly string[], schema: Schema<T>): Schema<T | object> {
  return shapes.keyedBy(names, schema);
}

/** A transform that lets tasks of the right shape through; of all others every mistake is told. */
export function validate(schema: Schema): Transform {
  return function* (config: Config, tasks: readonly Task[]) {
    for (const task of tasks) {
      let isRight = true;
      schema(task, [], (mistake) => {
        isRight = false;
        config.report({ ...mistake, task });
      });
      if (isRight) yield task;
    }
  };
}

export interface KeyedByOptions {
  /** names, without `by-`, that stay as they are */
  readonly defer?: readonly string[];
  /** false: of several matching regular expressions the first counts; default: that is a mistake */
  readonly enforceSingleMatch?: boolean;
}

/**
 * Answers `by-<name>` mappings in a field of a task, in place. `field` is a dotted path, `[]` at the end of a part means every
 * member of a list. The attributes are the task's own top-level keys and, before them, `attributes`.
 */
export function resolveKeyedBy(
  task: object,
  field: string,
  attributes: { readonly [name: string]: unknown } = {},
  options: KeyedByOptions = {},
): void {
  const { name, label } = task as Task;
  keyed.resolveKeyedBy(task as Task, field, pythonText(label ?? name ?? 'the task'), attributes, options);
}

/** The answer of a value that may be a `by-<name>` mapping; other values are given back. */
export function evaluateKeyedBy(
  value: unknown,
  itemName: string,
  attributes: { readonly [name: string]: unknown },
  options: KeyedByOptions = {},
): unknown {
  return keyed.evaluateKeyedBy(value, itemName, attributes, options);
}

/** Fills a template as Python's `str.format` does: `{name}`, `{a[b]}`, `{n:02d}`, `{{`. */
export function format(template: string, fields: { readonly [name: string]: unknown }): string {
  return formatPython(template, fields);
}

/** Merges mappings as `task-defaults` are: mappings key by key, lists one after the other, else the later one. */
export function merge(...mappings: readonly object[]): Task {
  return mergeTemplates(...(mappings as Task[]));
}

/** True when a path matches a pattern of `files-changed`: `**`, `*`, and folders match all that is in them. */
export function pathMatches(path: string, pattern: string): boolean {
  return paths.pathMatches(path, pattern);
}

/** The tasks that `dependencies` of a task name, as far as they are of the kind's dependencies. */
export function dependenciesOf(config: Config, task: object): GraphTask[] {
  return dependencies.getDependencies(config, task as Task) as GraphTask[];
}

/** The task that from-deps made a task for. */
export function primaryDependencyOf(config: Config, task: object): GraphTask | undefined {
  return dependencies.getPrimaryDependency(config, task as Task) as GraphTask | undefined;
}

/** What the target method `default` says: `run-on-projects`, `run-on-tasks-for`, `run-on-git-branches`, … */
export function isWantedByDefault(task: GraphTask, params: Parameters): boolean {
  return runsHere(task, params as never);
}
