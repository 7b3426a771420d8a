import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { FailureError } from '../../base/failure.ts';
import { priorities } from '../../task/definition.ts';
import type { GraphConfig } from '../graph-config.ts';
import type { Mistakes } from '../mistakes.ts';
import type { Mapping } from '../values/plain.ts';
import { anything, either, flag, keyedBy, keys, listOf, mapOf, nullable, oneOf, text } from './shape.ts';
import { readMapping, type YamlFile } from './yaml-file.ts';

const byLevel = keyedBy(['level'], text);
const isFlag = (value: unknown) => typeof value === 'boolean';

/** Keys that may be empty are those that the reference takes for absent then. */
const configShape = keys({
  required: {
    'trust-domain': text,
    'task-priority': keyedBy(['project', 'level'], oneOf(priorities)),
    workers: keys({
      required: {
        aliases: mapOf(
          keys({
            required: { provisioner: byLevel, implementation: text, os: text, 'worker-type': byLevel },
          }),
        ),
      },
    }),
    taskgraph: keys({
      required: {
        repositories: mapOf(
          keys({
            required: { name: text },
            optional: { 'project-regex': nullable(text), 'ssh-secret-name': nullable(text) },
            unknown: 'allowed',
          }),
          1,
        ),
      },
      optional: {
        register: nullable(text),
        'decision-parameters': nullable(text),
        'cached-task-prefix': nullable(text),
        'cache-pull-requests': nullable(flag),
        'index-path-regexes': nullable(listOf(text)),
        run: nullable(
          keys({
            optional: {
              'use-caches': nullable(
                either(isFlag, anything, listOf(oneOf(['cargo', 'checkout', 'npm', 'pip', 'uv']))),
              ),
            },
          }),
        ),
        'disabled-actions': nullable(listOf(text)),
      },
    }),
  },
  optional: {
    'docker-image-kind': nullable(text),
    'task-deadline-after': nullable(keyedBy(['project'], text)),
    'task-expires-after': nullable(text),
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
  const config = file.value as GraphConfig & Mapping;
  for (const key of ['register', 'decision-parameters']) {
    if (typeof config.taskgraph[key] !== 'string') continue;
    mistakes.add({
      severity: 'warning',
      message: `"taskgraph.${key}" names Python code, which is not called`,
      place: file.placeOf(['taskgraph', key]),
      hint: 'extensions in TypeScript are still to come',
    });
  }
  return { file, config };
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
