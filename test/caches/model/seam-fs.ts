import * as fs from 'node:fs';
import { join } from 'node:path';
import { machineNow } from './machine.ts';

/** Stands in for `node:fs` in a store under test: every call is told to the machine first. */
export * from 'node:fs';

type Call = (...args: never[]) => unknown;

function wrap<F extends Call>(
  name: string,
  call: F,
  changes: boolean,
  half: (...args: Parameters<F>) => void = () => undefined,
): F {
  return ((...args: Parameters<F>) => {
    machineNow().call(name, changes, () => half(...args));
    return call(...args);
  }) as F;
}

const look = <F extends Call>(name: string, call: F): F => wrap(name, call, false);
/** What is not there is told without a trace of the stack, which takes longer than everything else of the call. */
const lookInto = <F extends Call>(name: string, call: F): F =>
  look(name, ((...args: Parameters<F>) => {
    const path = String(args[0]);
    if (fs.existsSync(path)) return call(...args);
    throw Object.assign(new Error(`ENOENT: ${name} ${path}`), { code: 'ENOENT' });
  }) as F);
const change = <F extends Call>(name: string, call: F): F => wrap(name, call, true);

export const existsSync = look('exists', fs.existsSync);
export const lstatSync = Object.assign(look('lstat', fs.lstatSync as Call), {}) as typeof fs.lstatSync;
export const readdirSync = lookInto('readdir', fs.readdirSync as Call) as typeof fs.readdirSync;
export const readFileSync = lookInto('read', fs.readFileSync as Call) as typeof fs.readFileSync;
export const mkdirSync = change('mkdir', fs.mkdirSync as Call) as typeof fs.mkdirSync;
export const mkdtempSync = change('mkdir', fs.mkdtempSync as Call) as typeof fs.mkdtempSync;
export const renameSync = change('rename', fs.renameSync);
export const linkSync = change('link', fs.linkSync);
export const unlinkSync = change('unlink', fs.unlinkSync);
export const chmodSync = change('chmod', fs.chmodSync);
export const chownSync = change('chown', fs.chownSync);
export const utimesSync = change('utimes', fs.utimesSync);
export const fsyncSync = change('fsync', fs.fsyncSync);
export const writeFileSync = change('write', fs.writeFileSync as Call) as typeof fs.writeFileSync;
export const rmSync = wrap('rm', fs.rmSync, true, (path) => removeHalf(String(path)));

export const openSync = ((path: string, flags: string | number, mode?: number) => {
  const changes = typeof flags === 'string' ? flags !== 'r' : (flags & (fs.constants.O_CREAT | 3)) !== 0;
  machineNow().call('open', changes, () => undefined);
  return fs.openSync(path, flags, mode);
}) as typeof fs.openSync;

export const writeSync = ((fd: number, bytes: Uint8Array, at: number) => {
  machineNow().call('write', true, () => fs.writeSync(fd, bytes, at, (bytes.length - at) >> 1));
  return fs.writeSync(fd, bytes, at);
}) as typeof fs.writeSync;

export function removeHalf(path: string): void {
  if (!fs.existsSync(path) || !fs.lstatSync(path).isDirectory()) return;
  const names = fs.readdirSync(path);
  for (const name of names.slice(0, Math.ceil(names.length / 2)))
    fs.rmSync(join(path, name), { recursive: true, force: true });
}
