import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  createReadStream,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { unpack } from '../archive/unpack.ts';
import { isErrno } from '../base/files.ts';
import { downloadFile } from '../run-task/download.ts';
import type { Environment } from '../run-task/environment.ts';
import { ExitError, exitCode } from '../run-task/exit.ts';
import { parseJson } from '../run-task/json.ts';
import { say } from '../run-task/log.ts';
import type { Arguments } from './arguments.ts';

/** One file of a tooltool manifest (`.tt`), which names it by its hash. */
interface Entry {
  readonly filename: string;
  readonly bytes: number;
  readonly algorithm: 'sha512' | 'sha256';
  readonly digest: string;
  readonly unpack: boolean;
}

const publicServer = 'https://tooltool.mozilla-releng.net/';
const digests = { sha256: 64, sha512: 128 } as const;
const readable = 0o644;

/** Brings the files of a manifest, from the cache (which names files by their hash alone) or a server that has them. */
export async function fetchTooltool(args: Arguments, environment: Environment): Promise<void> {
  const manifest = args.value('manifest') ?? '';
  const entries = readManifest(manifest);
  const cache = args.value('cache-folder') ?? (environment['TOOLTOOL_CACHE'] || null);
  const given = args.values('url');
  const servers = given.length > 0 ? given : [environment['TOOLTOOL_URL'] || publicServer];
  const dest = resolve(args.value('dest') ?? '.');
  mkdirSync(dest, { recursive: true });
  for (const entry of entries) {
    const file = join(dest, entry.filename);
    if (await isRight(file, entry)) say('fetches', `${file} is there already`);
    else if (cache === null) await download(servers, entry, file);
    else {
      mkdirSync(cache, { recursive: true });
      const kept = join(cache, entry.digest);
      if (await isRight(kept, entry)) say('fetches', `${entry.filename} is in the cache`);
      else await download(servers, entry, kept);
      // A copy: what the task does to its file must not reach the cache.
      copyFileSync(kept, `${file}.tmp`);
      renameSync(`${file}.tmp`, file);
    }
    chmodSync(file, readable);
    if (entry.unpack && !(await unpack(file, dest))) {
      throw new ExitError(exitCode.error, `error: ${manifest}: ${entry.filename} is no archive`);
    }
  }
}

async function download(servers: readonly string[], entry: Entry, to: string): Promise<void> {
  const { algorithm, digest, bytes } = entry;
  for (const [at, server] of servers.entries()) {
    const url = `${server.replace(/\/$/, '')}/${algorithm}/${digest}`;
    try {
      return await downloadFile(url, to, { digest, algorithm, bytes });
    } catch (error) {
      if (!(error instanceof ExitError) || at === servers.length - 1) throw error;
    }
  }
}

/** Whether a file is what the manifest says; a wrong one is deleted: a killed or meddling task may have left it. */
async function isRight(file: string, { bytes, algorithm, digest }: Entry): Promise<boolean> {
  try {
    if (statSync(file).size === bytes) {
      const hash = createHash(algorithm);
      for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 }))
        hash.update(chunk as Buffer);
      if (hash.digest('hex') === digest) return true;
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
  rmSync(file, { force: true });
  return false;
}

function readManifest(path: string): Entry[] {
  const value = parseJson(readFileSync(path, 'utf8'));
  const wrong = (what: string) => new ExitError(exitCode.error, `error: ${path}: ${what}`);
  if (!Array.isArray(value)) throw wrong('no JSON list');
  return value.map((item: unknown): Entry => {
    const fields = new Map<string, unknown>(
      typeof item === 'object' && item !== null ? Object.entries(item) : [],
    );
    const [filename, bytes, digest] = [fields.get('filename'), fields.get('size'), fields.get('digest')];
    const algorithm = fields.get('algorithm') ?? 'sha512';
    if (algorithm !== 'sha512' && algorithm !== 'sha256')
      throw wrong(`algorithm ${JSON.stringify(algorithm)} is unknown`);
    if (typeof filename !== 'string' || !/^[^/\0]+$/.test(filename) || /^\.\.?$/.test(filename)) {
      throw wrong(`no file name: ${JSON.stringify(filename)}`);
    }
    if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes))
      throw wrong(`${filename}: size is missing`);
    if (typeof digest !== 'string' || !/^[0-9a-f]+$/.test(digest) || digest.length !== digests[algorithm]) {
      throw wrong(`${filename}: digest is no ${algorithm}`);
    }
    return { filename, bytes, algorithm, digest, unpack: fields.get('unpack') === true };
  });
}
