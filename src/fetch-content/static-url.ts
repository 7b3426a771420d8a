import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { repack } from '../archive/repack.ts';
import { downloadBytes, downloadFile } from '../run-task/download.ts';
import type { Environment } from '../run-task/environment.ts';
import { ExitError, exitCode } from '../run-task/exit.ts';
import { say } from '../run-task/log.ts';
import { type Arguments, wholeNumber } from './arguments.ts';
import { verifySignature } from './gpg.ts';

/** Downloads a file of known size and hash, checks its signature if there is one, and repacks it if its name asks for it. */
export async function fetchStaticUrl(args: Arguments, environment: Environment): Promise<void> {
  const url = args.value('url') ?? '';
  const dest = args.value('dest') ?? '';
  const signatureUrl = args.value('gpg-sig-url');
  const key = readKey(args.value('gpg-key-env'), signatureUrl, environment);
  const how = {
    strip: wholeNumber(args, 'strip-components'),
    prefix: args.value('add-prefix') ?? '',
    force: args.has('force-archive'),
  };
  const wanted = {
    digest: args.value('sha256'),
    bytes: wholeNumber(args, 'size'),
    headers: readHeaders(args.values('header')),
  };

  mkdirSync(dirname(dest), { recursive: true });
  const name = new URL(url).pathname.split('/').at(-1) ?? '';
  const file = name.endsWith(suffixes(dest).join('')) ? dest : join(dirname(dest), name);
  const isRepacked = how.force || mustRepack(file, dest, how);
  // Nothing has the name of the result before it is the result: a run may be killed.
  const from = file === dest ? `${dest}.orig` : file;
  try {
    await downloadFile(url, from, wanted);
    if (signatureUrl !== null && key !== null) verifySignature(from, key, await downloadBytes(signatureUrl));
    if (isRepacked) {
      say('fetches', `repacking ${file} as ${dest}`);
      await repack(from, dest, how);
    } else renameSync(from, dest);
  } finally {
    rmSync(from, { force: true });
  }
}

/** By names alone: whether the file has to become another kind of archive than it is. */
function mustRepack(file: string, dest: string, how: { strip: number; prefix: string }): boolean {
  if (how.strip > 0 || how.prefix !== '') return true;
  if (suffixes(file).join() === suffixes(dest).join()) return false;
  if (dest.endsWith('.tar.zst')) return true;
  // `python-3.8.10-amd64.exe` to `python.exe` is a new name, nothing else.
  if (extname(file) === extname(dest)) return suffixes(file).at(-2) === '.tar' || /\.(tgz|zip)$/.test(file);
  return true;
}

function suffixes(path: string): string[] {
  const name = basename(path).replace(/^\.+/, '');
  return name.endsWith('.')
    ? []
    : name
        .split('.')
        .slice(1)
        .map((part) => `.${part}`);
}

function readKey(
  variable: string | null,
  signatureUrl: string | null,
  environment: Environment,
): string | null {
  if ((variable === null) !== (signatureUrl === null)) {
    throw new ExitError(exitCode.error, '--gpg-sig-url and --gpg-key-env must both be defined');
  }
  if (variable === null) return null;
  const key = environment[variable];
  if (key === undefined) throw new ExitError(exitCode.error, `error: ${variable}, the GPG key, is not set`);
  return key;
}

function readHeaders(written: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    written.map((header) => {
      const colon = header.indexOf(':');
      if (colon < 1) throw new ExitError(exitCode.usage, `fetch-content: error: no header: ${header}`);
      return [header.slice(0, colon).trim(), header.slice(colon + 1).trim()];
    }),
  );
}
