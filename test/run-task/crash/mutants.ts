import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const root = join(import.meta.dirname, '../../..');
/** Functions by which content lasts, or comes to have its name at once. */
const calls = /(?<!function )\b((?:fsync|fdatasync|rename|link|symlink)(?:Sync)?|syncDirectory)\(/g;
const builtin = "process.getBuiltinModule('node:fs')";

/** A call of such a function in a source file. */
export interface DurableCall {
  /** `path: call`, and which one it is of those that look the same */
  readonly id: string;
  readonly file: string;
  readonly start: number;
  readonly text: string;
}

export type Mutation = 'left out' | 'not at once';

/** Every such call in what run-task and fetch-content are built from, packages left out. */
export function durableCalls(): DurableCall[] {
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: ['src/run-task/main.ts', 'src/fetch-content/main.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['bun:ffi'],
    outdir: 'nowhere',
    write: false,
    metafile: true,
  });
  const files = Object.keys(metafile.inputs).filter((file) => file.startsWith('src/'));
  return files.toSorted().flatMap((file) => callsIn(file, readFileSync(join(root, file), 'utf8')));
}

/** The replacement of a call in a copy of the sources. A rename that is not at once copies, and then deletes. */
export function mutate(folder: string, { file, start, text }: DurableCall, mutation: Mutation): void {
  const path = join(folder, file);
  const source = readFileSync(path, 'utf8');
  const parameters = text.slice(text.indexOf('(') + 1, -1);
  const copied = `(([a, b]) => { ${builtin}.cpSync(a, b, { recursive: true }); ${builtin}.rmSync(a, { recursive: true }); })([${parameters}])`;
  const changed = mutation === 'left out' ? 'undefined' : copied;
  writeFileSync(path, source.slice(0, start) + changed + source.slice(start + text.length));
}

function callsIn(file: string, source: string): DurableCall[] {
  const met = new Map<string, number>();
  return [...source.matchAll(calls)].map(({ index, 0: head }) => {
    const text = source.slice(index, endOf(source, index + head.length));
    const number = (met.get(text) ?? 0) + 1;
    met.set(text, number);
    const id = `${file}: ${text.replaceAll(/\s+/g, ' ')}${number > 1 ? ` (${number})` : ''}`;
    return { id, file, start: index, text };
  });
}

/** Behind the bracket that closes the one before `at`. */
function endOf(source: string, at: number): number {
  let depth = 1;
  let end = at;
  for (; depth > 0; end++) {
    if (source[end] === '(') depth += 1;
    else if (source[end] === ')') depth -= 1;
  }
  return end;
}
