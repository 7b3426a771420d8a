/** A regular expression in this runtime's syntax, for the flags `v` and, when asked for, `i`. */
export interface TranslatedRegex {
  readonly source: string;
  readonly ignoreCase: boolean;
}

/**
 * Translates the syntax of Python's `re` for text. Throws SyntaxError for what Python refuses, and for atomic groups,
 * possessive quantifiers, conditionals and flags of a group, which have no counterpart.
 */
export function translateRegex(pattern: string): TranslatedRegex {
  const flags = new Set<string>();
  let start = 0;
  const leading = /^\(\?([aiLmsux]+)\)/.exec(pattern);
  if (leading) {
    for (const flag of leading[1]!) flags.add(flag);
    start = leading[0].length;
  }
  if (flags.has('L')) throw new SyntaxError('flag L is for bytes');
  return { source: new Translation(pattern, start, flags).run(), ignoreCase: flags.has('i') };
}

const textStart = '(?<![\\s\\S])';
const textEnd = '(?![\\s\\S])';
const controls: Readonly<Record<string, string>> = {
  a: '\\x07',
  f: '\\f',
  n: '\\n',
  r: '\\r',
  t: '\\t',
  v: '\\v',
};
const hexDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

class Translation {
  private readonly pattern: string;
  private readonly flags: ReadonlySet<string>;
  private readonly word: string;
  private at: number;

  constructor(pattern: string, start: number, flags: ReadonlySet<string>) {
    this.pattern = pattern;
    this.at = start;
    this.flags = flags;
    this.word = flags.has('a') ? 'a-zA-Z0-9_' : '\\p{L}\\p{N}_';
  }

  run(): string {
    const parts: string[] = [];
    while (this.at < this.pattern.length) parts.push(this.next());
    return parts.join('');
  }

  private next(): string {
    const character = this.take();
    const multiline = this.flags.has('m');
    switch (character) {
      case '\\':
        return this.escape(false);
      case '[':
        return this.characterClass();
      case '(':
        return this.group();
      case '^':
        return `(?:${multiline ? `(?<=\\n)|${textStart}` : textStart})`;
      case '$':
        return `(?:${multiline ? `(?=\\n)|${textEnd}` : `(?=\\n?${textEnd})`})`;
      case '.':
        return this.flags.has('s') ? '[\\s\\S]' : '[^\\n]';
      case '*':
      case '+':
      case '?':
        return this.quantifier(character);
      case '{':
        return this.repeat();
      case ')':
      case '|':
        return character;
      case '#':
        if (!this.flags.has('x')) return literal(character);
        while (this.at < this.pattern.length && this.pattern[this.at] !== '\n') this.at++;
        return '';
      default:
        return this.flags.has('x') && /\s/.test(character) ? '' : literal(character);
    }
  }

  private quantifier(text: string): string {
    if (this.pattern[this.at] === '+') throw new SyntaxError('possessive quantifiers are not supported');
    if (this.pattern[this.at] !== '?') return text;
    this.at++;
    return `${text}?`;
  }

  private repeat(): string {
    const bounds = /^(\d*)(,?)(\d*)\}/.exec(this.pattern.slice(this.at));
    if (!bounds || bounds[0] === '}') return literal('{');
    this.at += bounds[0].length;
    const [, low = '', comma = '', high = ''] = bounds;
    return this.quantifier(`{${low === '' ? '0' : low}${comma}${high}}`);
  }

  private group(): string {
    if (this.pattern[this.at] !== '?') return '(';
    this.at++;
    const rest = this.pattern.slice(this.at);
    const plain = /^(?::|=|!|<=|<!)/.exec(rest);
    if (plain) {
      this.at += plain[0].length;
      return `(?${plain[0]}`;
    }
    const named = /^P<([\p{L}_][\p{L}\p{N}_]*)>/u.exec(rest);
    if (named) {
      this.at += named[0].length;
      return `(?<${named[1]}>`;
    }
    const reference = /^P=([\p{L}_][\p{L}\p{N}_]*)\)/u.exec(rest);
    if (reference) {
      this.at += reference[0].length;
      return `\\k<${reference[1]}>`;
    }
    const comment = /^#[^)]*\)/.exec(rest);
    if (comment) {
      this.at += comment[0].length;
      return '';
    }
    if (/^[aiLmsux]+\)/.test(rest))
      throw new SyntaxError('global flags must be at the start of the expression');
    throw new SyntaxError(`the group (?${rest.slice(0, 2)}… is not supported`);
  }

  private escape(inClass: boolean): string {
    const character = this.take();
    if (Object.hasOwn(controls, character)) return controls[character]!;
    const digits = hexDigits[character];
    if (digits !== undefined) return this.codePoint(character, digits);
    if (/\d/.test(character)) return this.numbered(character, inClass);
    const digit = this.flags.has('a') ? '0-9' : '\\p{Nd}';
    if (character === 'd') return `[${digit}]`;
    if (character === 'D') return `[^${digit}]`;
    if (character === 'w') return `[${this.word}]`;
    if (character === 'W') return `[^${this.word}]`;
    if (character === 's' || character === 'S') return `\\${character}`;
    if (!inClass && character === 'A') return `(?:${textStart})`;
    if (!inClass && character === 'Z') return `(?:${textEnd})`;
    if (!inClass && (character === 'b' || character === 'B')) return this.boundary(character === 'b');
    if (character === 'b') return '\\x08';
    if (/[a-zA-Z]/.test(character)) throw new SyntaxError(`bad escape \\${character}`);
    return literal(character);
  }

  private boundary(wanted: boolean): string {
    const before = `(?<=[${this.word}])`;
    const notBefore = `(?<![${this.word}])`;
    const after = `(?=[${this.word}])`;
    const notAfter = `(?![${this.word}])`;
    return wanted
      ? `(?:${before}${notAfter}|${notBefore}${after})`
      : `(?:${before}${after}|${notBefore}${notAfter})`;
  }

  private codePoint(kind: string, digits: number): string {
    const hex = this.pattern.slice(this.at, this.at + digits);
    if (!new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(hex))
      throw new SyntaxError(`incomplete escape \\${kind}${hex}`);
    this.at += digits;
    return literal(String.fromCodePoint(Number.parseInt(hex, 16)));
  }

  private numbered(first: string, inClass: boolean): string {
    const rest = this.pattern.slice(this.at);
    const octal = first === '0' ? /^[0-7]{0,2}/.exec(rest)![0] : /^[0-7]{2}/.exec(rest)?.[0];
    if (octal !== undefined && /[0-7]/.test(first) && (first === '0' || inClass || /^[0-3]/.test(first))) {
      this.at += octal.length;
      return literal(String.fromCodePoint(Number.parseInt(first + octal, 8)));
    }
    if (inClass) throw new SyntaxError(`bad escape \\${first}`);
    const second = /^\d/.exec(rest)?.[0] ?? '';
    this.at += second.length;
    return `(?:\\${first}${second})`;
  }

  private characterClass(): string {
    let body = '[';
    if (this.pattern[this.at] === '^') {
      body += '^';
      this.at++;
    }
    for (let first = true; ; first = false) {
      const character = this.take();
      if (character === ']' && !first) return `${body}]`;
      const isRange = character === '-' && !first && this.pattern[this.at] !== ']' && !body.endsWith('-');
      if (character === '\\') body += this.escape(true);
      else body += isRange ? '-' : literal(character);
    }
  }

  private take(): string {
    const code = this.pattern.codePointAt(this.at);
    if (code === undefined) throw new SyntaxError('it ends too early');
    const character = String.fromCodePoint(code);
    this.at += character.length;
    return character;
  }
}

/** A character as itself, inside of a class or outside. */
function literal(character: string): string {
  if (/^[\p{L}\p{N}_ ]$/u.test(character)) return character;
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
