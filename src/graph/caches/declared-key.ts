import { didYouMean } from '../../base/suggest.ts';
import type { DeclaredKey } from '../../caches/record.ts';
import type { TransformContext } from '../transforms/transform.ts';
import { HintedError } from '../values/hinted-error.ts';
import { isMapping } from '../values/plain.ts';
import { trackedFilesOf } from './tracked-files-of.ts';

/**
 * `key: {files: [globs], strings: […], parameters: […]}` with what it stands for now. Throws HintedError when it says
 * nothing, or something that is not there.
 */
export function resolveKey(context: TransformContext, written: unknown): DeclaredKey {
  const parts = ['files', 'strings', 'parameters'];
  if (!isMapping(written) || Object.keys(written).length === 0)
    throw new HintedError('"key" has to name files, strings or parameters');
  const unknown = Object.keys(written).find((part) => !parts.includes(part));
  if (unknown !== undefined)
    throw new HintedError(`unknown key "${unknown}" in "key"`, didYouMean(unknown, parts));
  const lists = new Map(
    parts.filter((part) => part in written).map((part) => [part, listOf(part, written[part])]),
  );
  const [files, strings, parameters] = parts.map((part) => lists.get(part));
  return {
    ...(files === undefined ? {} : { files: digests(context, files) }),
    ...(strings === undefined ? {} : { strings }),
    ...(parameters === undefined
      ? {}
      : { parameters: Object.fromEntries(parameters.map((name) => [name, parameter(context, name)])) }),
  };
}

function listOf(part: string, value: unknown): string[] {
  const good =
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => typeof item === 'string' && item !== '');
  if (!good) throw new HintedError(`"key.${part}" has to be a list of strings that are not empty`);
  return value as string[];
}

function parameter({ params }: TransformContext, name: string): unknown {
  const value = Object.hasOwn(params, name) ? params[name] : undefined;
  if (isEmpty(value)) {
    if (Object.hasOwn(params, name)) throw new HintedError(`the parameter "${name}" of "key" is empty`);
    const hint = didYouMean(name, Object.keys(params));
    throw new HintedError(`there is no parameter "${name}", which "key" names`, hint);
  }
  if (!isJson(value)) throw new HintedError(`the parameter "${name}" of "key" is not JSON`);
  return value;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return (Array.isArray(value) || isMapping(value)) && Object.keys(value).length === 0;
}

/** A date, for one, would count as an empty mapping in a record. */
function isJson(value: unknown): boolean {
  if (Array.isArray(value) || isMapping(value)) return Object.values(value).every(isJson);
  if (typeof value === 'number') return Number.isFinite(value);
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}

function digests(context: TransformContext, globs: readonly string[]): Readonly<Record<string, string>> {
  try {
    return trackedFilesOf(context).digestsOf(globs);
  } catch (error) {
    if (!(error instanceof HintedError)) throw error;
    throw new HintedError(`"key.files": ${error.message}`, error.hint);
  }
}
