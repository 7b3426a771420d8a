import { isErrno } from '../base/files.ts';
import { ExitError, exitCode } from './exit.ts';

const explained: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk does not answer',
  EMFILE: 'directories lie too deep in one another',
  ENAMETOOLONG: 'a name is too long',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'not a directory, or a link where a directory should be',
  ELOOP: 'a link where a directory should be',
  EPERM: 'operation not permitted',
  EROFS: 'read-only file system',
};

/** Turns what the file system refused into an exit with one line that names the place; passes everything else on. */
export function worldError(place: string, error: unknown, code: number = exitCode.error): unknown {
  const explanation = explainWorldError(place, error);
  return explanation === null ? error : new ExitError(code, explanation);
}

/** One line about what the file system refused; null for every other error. */
export function explainWorldError(place: string, error: unknown): string | null {
  if (!isErrno(error, ...Object.keys(explained))) return null;
  return `error: ${place}: ${explained[error.code ?? '']} (${error.code})`;
}
