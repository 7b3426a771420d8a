/**
 * A mistake of the configuration's author, found where its place is not known: what is wrong and, where there is an
 * answer, what to do about it. Caught by whoever knows the place.
 */
export class HintedError extends Error {
  override readonly name = 'HintedError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
