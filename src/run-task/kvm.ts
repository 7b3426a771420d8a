import { chmodSync, statSync } from 'node:fs';
import { isErrno } from '../base/files.ts';
import { say } from './log.ts';

const device = '/dev/kvm';
const everybody = 0o666;

/** Lets every user at the virtual machine device, where there is one: emulators need it. */
export function openKvm(): void {
  try {
    const mode = statSync(device).mode & 0o7777;
    if (mode !== everybody) chmodSync(device, mode | everybody);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return;
    // Some sandboxes show the device and forbid this; tasks that do not need it run on.
    if (!isErrno(error, 'EPERM', 'EACCES', 'EROFS')) throw error;
    say('setup', `cannot open ${device} to everybody (${error.code})`);
  }
}
