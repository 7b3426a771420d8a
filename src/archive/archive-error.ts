/** An archive is broken, or holds what must not be unpacked. The message names the archive or the entry. */
export class ArchiveError extends Error {
  constructor(message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'ArchiveError';
  }
}
