import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ifThere } from '../../base/files.ts';
import { isAlive } from '../../base/owner.ts';
import { type Entry, LedgerDamage, parseEntry } from './entry.ts';
import { epochName, numbersIn, seqName } from './numbers.ts';
import { linkNew } from './link-new.ts';

/**
 * Packs closed epochs into one file each, oldest first, and moves their folders away; removes what killed processes left
 * unfinished. Several processes may do so at once.
 */
export function packEpochs(folder: string, owner: string): void {
  const epochs = numbersIn(folder).sort((a, b) => a - b);
  for (const epoch of epochs.slice(0, -1)) pack(folder, epoch, owner);
  removeLeftovers(folder);
  for (const epoch of numbersIn(folder)) removeLeftovers(join(folder, epochName(epoch)));
}

function pack(folder: string, epoch: number, owner: string): void {
  const path = join(folder, epochName(epoch));
  if (!existsSync(`${path}.jsonl`)) {
    const text = readFolder(path).join('');
    // Packed by somebody else, and moved away while it was read.
    if (!existsSync(path)) return;
    linkNew(folder, `${epochName(epoch)}.jsonl`, text, { owner: { process: owner }, durable: true });
  }
  // Out of the way as a whole: removed file by file, it would look torn to whoever reads it.
  ifThere(() => renameSync(path, join(folder, `.old-${epochName(epoch)}-${randomBytes(4).toString('hex')}`)));
}

/** What processes that are gone have left unfinished in a folder. */
export function removeLeftovers(folder: string): void {
  for (const name of ifThere(() => readdirSync(folder)) ?? []) {
    const owner = /^\.(?:tmp|new|trial)-(\d+\.\d+)-/.exec(name)?.[1];
    const isLeft = name.startsWith('.old-') || (owner !== undefined && !isAlive(owner));
    if (isLeft) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** The epochs that are packed, oldest first. */
export function packedEpochs(folder: string): number[] {
  return (ifThere(() => readdirSync(folder)) ?? [])
    .flatMap((name) => (/^\d+\.jsonl$/.test(name) ? [Number.parseInt(name, 10)] : []))
    .sort((a, b) => a - b);
}

/** Every entry that is kept, oldest first; each is checked against the one before. LedgerDamage where that fails. */
export function* readEntries(folder: string): Generator<Entry> {
  const epochs = [...new Set([...packedEpochs(folder), ...numbersIn(folder)])].sort((a, b) => a - b);
  let previous: string | null = null;
  for (const epoch of epochs) {
    const texts = readEpoch(join(folder, epochName(epoch)));
    if (texts === null) {
      // Pruned since it was listed, as the oldest of what is there always is.
      if (epochs.some((other) => other < epoch && isThere(folder, other)))
        throw new LedgerDamage(`epoch ${epoch} is missing`);
      previous = null;
      continue;
    }
    let seq = 0;
    for (const text of texts) {
      const entry: Entry = parseEntry(text, { epoch, seq: ++seq, previous });
      previous = entry.hash;
      yield entry;
    }
  }
}

function isThere(folder: string, epoch: number): boolean {
  const path = join(folder, epochName(epoch));
  return existsSync(`${path}.jsonl`) || existsSync(path);
}

/** Null when it is not there any more. */
function readEpoch(path: string): string[] | null {
  const packed = ifThere(() => readFileSync(`${path}.jsonl`, 'utf8'));
  if (packed === null) {
    const entries = readFolder(path);
    if (existsSync(path)) return entries;
  }
  const text = packed ?? ifThere(() => readFileSync(`${path}.jsonl`, 'utf8'));
  return text === null ? null : text.split(/(?<=\n)/);
}

function readFolder(path: string): string[] {
  const entries: string[] = [];
  for (;;) {
    const text = ifThere(() => readFileSync(join(path, seqName(entries.length + 1)), 'utf8'));
    if (text === null) return entries;
    entries.push(text);
  }
}
