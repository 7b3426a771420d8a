import { PayloadError } from './work.ts';

/** Reads values of a payload by key and collects what is wrong; {@link PayloadReader.finish} throws it all at once. */
export class PayloadReader {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #where: string;
  readonly reasons: string[];

  constructor(value: unknown, where = 'payload', reasons: string[] = []) {
    this.reasons = reasons;
    this.#where = where;
    this.#values = isObject(value) ? value : {};
    if (!isObject(value)) this.wrong('', 'an object', value);
  }

  has(key: string): boolean {
    return this.#values[key] !== undefined;
  }

  get(key: string): unknown {
    return this.#values[key];
  }

  wrong(key: string, wanted: string, found: unknown): void {
    this.reasons.push(`${this.#path(key)} has to be ${wanted}, not ${JSON.stringify(found) ?? 'absent'}`);
  }

  refuse(reason: string): void {
    this.reasons.push(reason);
  }

  text(key: string, fallback?: string): string {
    const value = this.#values[key] ?? fallback;
    if (typeof value === 'string') return value;
    this.wrong(key, 'a string', value);
    return '';
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.#values[key] ?? fallback;
    if (typeof value === 'boolean') return value;
    this.wrong(key, 'true or false', value);
    return fallback;
  }

  count(key: string): number {
    const value = this.#values[key];
    if (Number.isInteger(value) && Number(value) > 0) return Number(value);
    this.wrong(key, 'a whole number above 0', value);
    return 1;
  }

  texts(key: string): string[] {
    const value = this.#values[key] ?? [];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    this.wrong(key, 'a list of strings', value);
    return [];
  }

  numbers(key: string): number[] {
    const value = this.#values[key] ?? [];
    if (Array.isArray(value) && value.every(Number.isInteger)) return value as number[];
    this.wrong(key, 'a list of whole numbers', value);
    return [];
  }

  /** Strings by name; numbers are taken as they print. */
  environment(key: string): Record<string, string> {
    const value = this.#values[key] ?? {};
    const found: Record<string, string> = {};
    if (!isObject(value)) this.wrong(key, 'an object', value);
    else {
      for (const [name, entry] of Object.entries(value)) {
        if (typeof entry === 'string' || typeof entry === 'number') found[name] = String(entry);
        else this.wrong(`${key}.${name}`, 'a string', entry);
      }
    }
    return found;
  }

  /** Readers of the members of an object, by name. */
  members(key: string): [string, PayloadReader][] {
    const value = this.#values[key] ?? {};
    if (!isObject(value)) this.wrong(key, 'an object', value);
    else return Object.entries(value).map(([name, item]) => [name, this.#inner(`${key}.${name}`, item)]);
    return [];
  }

  items(key: string): PayloadReader[] {
    const value = this.#values[key] ?? [];
    if (Array.isArray(value)) return value.map((item, i) => this.#inner(`${key}[${i}]`, item));
    this.wrong(key, 'a list', value);
    return [];
  }

  inner(key: string): PayloadReader {
    return this.#inner(key, this.#values[key] ?? {});
  }

  finish(): void {
    if (this.reasons.length > 0) throw new PayloadError(this.reasons);
  }

  #inner(key: string, value: unknown): PayloadReader {
    return new PayloadReader(value, this.#path(key), this.reasons);
  }

  #path(key: string): string {
    return key === '' ? this.#where : `${this.#where}.${key}`;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
