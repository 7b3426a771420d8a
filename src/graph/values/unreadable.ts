import { isErrno } from '../../base/files.ts';

const codes = [
  'EACCES',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOENT',
  'ENOTDIR',
  // of Node itself: a name with a null byte
  'ERR_INVALID_ARG_VALUE',
];

/** True for the errors of a path that somebody wrote into a configuration and that is no file which can be read. */
export function isUnreadable(error: unknown): error is NodeJS.ErrnoException {
  return isErrno(error, ...codes);
}
