import { nearest } from '../../base/suggest.ts';
import { formatSpec } from './python-format-spec.ts';
import { isMapping, type Mapping, own } from './plain.ts';
import { pythonRepr, pythonText, pythonTypeName } from './python-text.ts';

/** A template that cannot be filled: a mistake in its braces, or a field that is not there. */
export class PythonFormatError extends Error {
  override readonly name = 'PythonFormatError';
  /** where in the value that was filled; empty when that was the template itself */
  readonly path: (string | number)[] = [];
}

const deepest = 2;

/**
 * Fills a template as `str.format` of Python does with keyword arguments: `{name}`, `{a[b]}`, `{list[0]}`, `{x!r}`,
 * `{n:02d}`, `{{` and `}}`. Throws PythonFormatError.
 */
export function formatPython(template: string, fields: Readonly<Mapping>): string {
  if (!template.includes('{') && !template.includes('}')) return template;
  return fill(template, fields, deepest);
}

function fill(template: string, fields: Readonly<Mapping>, depth: number): string {
  if (depth === 0) throw new PythonFormatError('a format has braces within braces within braces');
  let text = '';
  let at = 0;
  while (at < template.length) {
    const character = template[at]!;
    if (character !== '{' && character !== '}') {
      const next = template.slice(at).search(/[{}]/);
      const end = next < 0 ? template.length : at + next;
      text += template.slice(at, end);
      at = end;
    } else if (template[at + 1] === character) {
      text += character;
      at += 2;
    } else if (character === '}') {
      throw new PythonFormatError(`single "}" in ${quote(template)}; a literal brace is written "}}"`);
    } else {
      const end = endOfField(template, at + 1);
      text += replacement(template.slice(at + 1, end), fields, depth, template);
      at = end + 1;
    }
  }
  return text;
}

/** The index of the brace that closes a field. */
function endOfField(template: string, start: number): number {
  let nesting = 1;
  let inBrackets = false;
  for (let at = start; at < template.length; at++) {
    const character = template[at];
    if (inBrackets) {
      inBrackets = character !== ']';
    } else if (character === '[') {
      inBrackets = true;
    } else if (character === '{') {
      nesting++;
    } else if (character === '}' && --nesting === 0) {
      return at;
    }
  }
  throw new PythonFormatError(`"{" without "}" in ${quote(template)}; a literal brace is written "{{"`);
}

function replacement(field: string, fields: Readonly<Mapping>, depth: number, template: string): string {
  const parts = /^((?:[^!:[\]{}]|\[[^\]]*\])*)(?:!([^:]*))?(?::([\s\S]*))?$/.exec(field);
  if (!parts) throw new PythonFormatError(`"{${field}}" is not a field, in ${quote(template)}`);
  const [, name = '', conversion, spec = ''] = parts;
  const value = lookUp(name, fields, template);
  const converted = convert(value, conversion, template);
  const filledSpec = spec.includes('{') || spec.includes('}') ? fill(spec, fields, depth - 1) : spec;
  return filledSpec === '' ? pythonText(converted) : formatSpec(converted, filledSpec, fail);

  function fail(reason: string): never {
    throw new PythonFormatError(`${reason}, in ${quote(template)}`);
  }
}

function convert(value: unknown, conversion: string | undefined, template: string): unknown {
  if (conversion === undefined) return value;
  if (conversion === 's') return pythonText(value);
  if (conversion === 'r') return pythonRepr(value);
  if (conversion === 'a') {
    return pythonRepr(value).replace(/[^\0-\x7f]/gu, (character) => {
      const code = character.codePointAt(0)!;
      if (code < 0x100) return `\\x${code.toString(16)}`;
      return code < 0x10000
        ? `\\u${code.toString(16).padStart(4, '0')}`
        : `\\U${code.toString(16).padStart(8, '0')}`;
    });
  }
  throw new PythonFormatError(`"!${conversion}" is not a conversion, in ${quote(template)}`);
}

function lookUp(path: string, fields: Readonly<Mapping>, template: string): unknown {
  const first = /^[^.[]*/.exec(path)![0];
  if (first === '' || /^\d+$/.test(first)) {
    throw new PythonFormatError(
      `"{${path}}" has no name, in ${quote(template)}; a literal brace is written "{{"`,
    );
  }
  if (!Object.hasOwn(fields, first)) {
    throw new PythonFormatError(
      `there is no "${first}" to put into ${quote(template)}; a literal brace is written "{{"`,
    );
  }
  let value = fields[first];
  let rest = path.slice(first.length);
  while (rest !== '') {
    const step = /^(?:\[([^\]]+)\]|\.([^.[]+))/.exec(rest);
    if (!step) throw new PythonFormatError(`"{${path}}" is not a field, in ${quote(template)}`);
    const [whole, index, attribute] = step;
    if (index !== undefined) value = item(value, index, path, template);
    else {
      const hint = isMapping(value) && own(value, attribute!) !== undefined ? `; write [${attribute}]` : '';
      throw new PythonFormatError(
        `${pythonTypeName(value)} has no attribute "${attribute}" in "{${path}}", in ${quote(template)}${hint}`,
      );
    }
    rest = rest.slice(whole.length);
  }
  return value;
}

function item(value: unknown, index: string, path: string, template: string): unknown {
  if (isMapping(value)) {
    if (Object.hasOwn(value, index)) return value[index];
  } else if (Array.isArray(value) || typeof value === 'string') {
    const members: readonly unknown[] = typeof value === 'string' ? Array.from(value) : value;
    if (/^\d+$/.test(index) && Number(index) < members.length) return members[Number(index)];
  }
  const near = isMapping(value) ? nearest(index, Object.keys(value)) : undefined;
  const what = isMapping(value) ? `there is no "${index}"` : `${pythonTypeName(value)} has no [${index}]`;
  const hint = near === undefined ? '' : `; did you mean [${near}]?`;
  throw new PythonFormatError(`${what} for "{${path}}" in ${quote(template)}${hint}`);
}

function quote(template: string): string {
  return JSON.stringify(template);
}
