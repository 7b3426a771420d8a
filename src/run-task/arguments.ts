import { type Result, err, ok } from '../base/result.ts';

/** What the command line asks for; `null` and empty where it says nothing. */
export interface Arguments {
  readonly user: string;
  readonly group: string;
  readonly taskCwd: string | null;
  readonly chown: readonly string[];
  readonly chownRecursive: readonly string[];
  /** by repository prefix */
  readonly checkouts: ReadonlyMap<string, string>;
  readonly shallow: ReadonlySet<string>;
  readonly help: boolean;
  readonly command: readonly string[];
}

/**
 * Reads `[options] -- command…` for the given repository prefixes. Long options may be shortened as long as only one
 * fits. The error is one line for a person; the caller adds the usage.
 */
export function parseArguments(
  argv: readonly string[],
  prefixes: readonly string[],
): Result<Arguments, string> {
  const dashes = argv.indexOf('--');
  const ours = dashes < 0 ? argv : argv.slice(0, dashes);
  const command = dashes < 0 ? [] : argv.slice(dashes + 1);
  const values = new Map<string, string[]>();
  const stray: string[] = [];
  const known = optionsFor(prefixes);

  for (let at = 0; at < ours.length; at++) {
    const argument = ours[at] ?? '';
    const equals = argument.indexOf('=');
    const written = equals < 0 ? argument : argument.slice(0, equals);
    const fitting = written === '-h' ? ['--help'] : matching(written, known);
    const name = fitting[0];
    if (!argument.startsWith('-') || name === undefined) {
      stray.push(argument);
      continue;
    }
    if (fitting.length > 1) return err(`option ${written} could be ${fitting.join(' or ')}`);
    let value = equals < 0 ? null : argument.slice(equals + 1);
    if (known.get(name) === 'flag') {
      if (value !== null) return err(`option ${name} takes no value`);
    } else if (value === null) {
      value = ours[++at] ?? null;
      if (value === null || looksLikeOption(value)) return err(`option ${name} needs a value`);
    }
    if (name === '--task-cwd' && value === '') return err(`option ${name} needs a value`);
    values.set(name, [...(values.get(name) ?? []), value ?? '']);
  }

  const help = values.has('--help');
  if (stray.length > 0) return err(`unrecognized arguments: ${stray.join(' ')}`);
  if (command.length === 0 && !help) return err('no command: it comes after --');
  const last = (name: string) => values.get(name)?.at(-1) ?? null;
  return ok({
    user: last('--user') ?? 'worker',
    group: last('--group') ?? 'worker',
    taskCwd: last('--task-cwd'),
    chown: values.get('--chown') ?? [],
    chownRecursive: values.get('--chown-recursive') ?? [],
    checkouts: new Map(prefixes.flatMap((prefix) => pairOf(prefix, last(`--${prefix}-checkout`)))),
    shallow: new Set(prefixes.filter((prefix) => values.has(`--${prefix}-shallow-clone`))),
    help,
    command,
  });
}

export function usage(prefixes: readonly string[]): string {
  const options = [...optionsFor(prefixes)].filter(([name]) => name !== '--fetch-hgfingerprint');
  const words = options.map(([name, takes]) =>
    takes === 'flag' ? `[${name}]` : `[${name} ${wordFor(name)}]`,
  );
  return `usage: run-task ${words.join(' ')} -- COMMAND [ARGUMENT…]`;
}

type Takes = 'value' | 'flag';

function optionsFor(prefixes: readonly string[]): Map<string, Takes> {
  return new Map<string, Takes>([
    ['--help', 'flag'],
    ['--user', 'value'],
    ['--group', 'value'],
    ['--task-cwd', 'value'],
    ['--chown', 'value'],
    ['--chown-recursive', 'value'],
    ...prefixes.flatMap((prefix): [string, Takes][] => [
      [`--${prefix}-checkout`, 'value'],
      [`--${prefix}-shallow-clone`, 'flag'],
    ]),
    ['--fetch-hgfingerprint', 'flag'],
  ]);
}

/** False for what may be a value: `-` alone, a negative number, and whatever has a space in it. */
function looksLikeOption(text: string): boolean {
  return text.length > 1 && text.startsWith('-') && !text.includes(' ') && !/^-(\d+|\d*\.\d+)$/.test(text);
}

function matching(written: string, known: ReadonlyMap<string, Takes>): string[] {
  if (known.has(written)) return [written];
  return written.length > 2 ? [...known.keys()].filter((name) => name.startsWith(written)) : [];
}

function pairOf(prefix: string, path: string | null): [string, string][] {
  return path === null ? [] : [[prefix, path]];
}

function wordFor(option: string): string {
  if (option === '--user' || option === '--group') return 'NAME';
  return option.startsWith('--chown') ? 'PATH' : 'DIR';
}
