import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ExitError, exitCode } from '../run-task/exit.ts';
import { tell } from '../run-task/log.ts';

/** What a command takes. */
export interface Syntax {
  readonly positionals: readonly string[];
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** options without which there is nothing to do */
  readonly required: readonly string[];
}

export interface Arguments {
  /** of a positional or an option; null when it was not given */
  value(name: string): string | null;
  values(name: string): readonly string[];
  has(name: string): boolean;
}

/** Reads a command line; throws ExitError with 2 and the usage for a wrong one, with 0 for `--help`. */
export function readArguments(command: string, syntax: Syntax, argv: readonly string[]): Arguments {
  const wrong = (what: string) =>
    new ExitError(exitCode.usage, `${usage(command, syntax)}\nfetch-content ${command}: error: ${what}`);
  const parsed = parse(syntax, argv, wrong);
  const values = new Map<string, unknown>(Object.entries(parsed.values));
  if (values.has('help')) {
    tell(usage(command, syntax));
    throw new ExitError(0);
  }
  if (parsed.positionals.length !== syntax.positionals.length) {
    throw wrong(`takes ${syntax.positionals.join(', ') || 'no arguments'}; got ${parsed.positionals.length}`);
  }
  for (const name of syntax.required) if (!values.has(name)) throw wrong(`--${name} is missing`);
  for (const [at, name] of syntax.positionals.entries()) values.set(name, parsed.positionals[at]);
  return {
    value(name) {
      const value = values.get(name);
      return typeof value === 'string' ? value : null;
    },
    values(name) {
      const value = values.get(name);
      return Array.isArray(value) ? value.map(String) : [];
    },
    has: (name) => values.has(name),
  };
}

/** A whole number that is not negative; throws ExitError for anything else. */
export function wholeNumber(args: Arguments, name: string): number {
  const text = args.value(name) ?? '';
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ExitError(exitCode.usage, `fetch-content: error: --${name} must be a whole number, not ${text}`);
}

export function usage(command: string, { positionals, options, required }: Syntax): string {
  const words = Object.entries(options).map(([name, { type }]) => {
    const word = type === 'boolean' ? `--${name}` : `--${name} ${name.toUpperCase()}`;
    return required.includes(name) ? word : `[${word}]`;
  });
  return ['usage: fetch-content', command, ...words, ...positionals].join(' ');
}

function parse(syntax: Syntax, argv: readonly string[], wrong: (what: string) => ExitError) {
  const options: Syntax['options'] = { ...syntax.options, help: { type: 'boolean', short: 'h' } };
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    if (!(error instanceof TypeError) || !('code' in error)) throw error;
    throw wrong(error.message);
  }
}
