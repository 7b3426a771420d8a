import { readdirSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fail } from '../base/failure.ts';
import { compareCodePoints } from '../base/hash.ts';
import { parameterFormat } from '../graph/parameters/file.ts';

/** One set of parameters that a command line asks for. */
export interface ParameterSet {
  /** a file, an http(s) address, `task-id=`, `project=` or `index=`; null: those of the repository as it lies there */
  readonly spec: string | null;
  /** what it is called in headers and names of files */
  readonly name: string;
}

const byTask = /^(task-id|project|index)=(.*)$/;

/** The part of a spec before and after `=`; null for files and addresses. */
export function parseSpec(spec: string): { readonly by: string; readonly value: string } | null {
  const match = byTask.exec(spec);
  return match === null ? null : { by: match[1]!, value: match[2]! };
}

export function isAddress(spec: string): boolean {
  return /^https?:\/\//.test(spec);
}

/** The sets that `-p` names, in order; a folder stands for the parameter files in it. None named: the repository's. */
export function parameterSets(specs: readonly string[] = []): ParameterSet[] {
  if (specs.length === 0) return [{ spec: null, name: 'defaults' }];
  return specs.flatMap((spec): ParameterSet[] => {
    if (spec === '') return [{ spec: null, name: 'defaults' }];
    const files = statSync(spec, { throwIfNoEntry: false })?.isDirectory() ? filesIn(spec) : [spec];
    return files.map((file) => ({ spec: file, name: nameOf(file) }));
  });
}

function filesIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => parameterFormat(name) !== null);
  if (names.length === 0) fail('usage', `there are no parameters in ${folder}: no .yml, .yaml or .json file`);
  return names.sort(compareCodePoints).map((name) => join(folder, name));
}

function nameOf(spec: string): string {
  if (parseSpec(spec) !== null) return spec;
  const path = isAddress(spec) && URL.canParse(spec) ? new URL(spec).pathname : spec;
  return basename(path, extname(path));
}
