/** What a plugin wants to register is not right. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
