/**
 * Everything that determines what is in a cache, DESIGN's table of ingredients. Plain JSON; an ingredient that does
 * not apply is absent, never null or empty.
 */
export interface CacheRecord {
  readonly protocol: 1;
  /** SHA-256 (64 hex digits) of the wrapper that fills it; only where run-task is the command */
  readonly wrapper?: string;
  /** image string or index namespace; `image-tag` says that the content behind it may change */
  readonly image?: string;
  readonly platform: { readonly implementation: string; readonly os: string };
  readonly user?: string;
  readonly mountPoint?: string;
  readonly checkout?: CheckoutLayout;
  readonly untrusted?: true;
  readonly key?: DeclaredKey;
}

export interface CheckoutLayout {
  readonly vcs: string;
  /** `path\tprefix` of every repository, sorted by code point */
  readonly repositories: readonly string[];
  readonly shallow: boolean;
}

export interface DeclaredKey {
  /** path to SHA-256 of its bytes, for every file that the globs named */
  readonly files?: Readonly<Record<string, string>>;
  readonly strings?: readonly string[];
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** Ingredients that `vary-on` may name, and those that it must name when they apply. */
export const ingredients = [
  'wrapper',
  'image',
  'platform',
  'user',
  'mountPoint',
  'checkout',
  'untrusted',
  'key',
] as const;
export type Ingredient = (typeof ingredients)[number];
export const indispensable: readonly Ingredient[] = ['wrapper', 'user', 'untrusted'];
