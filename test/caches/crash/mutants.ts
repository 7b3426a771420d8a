/** Calls that change which names there are, or make a change durable. */
const primitives = [
  'fsyncSync',
  'syncDirectory',
  'renameSync',
  'linkSync',
  'unlinkSync',
  'rmSync',
  'settle',
  'startProcess',
];

/** A call of the store, as its bundle has it, and the bundle without it. */
export interface Site {
  /** file and text, e.g. `ledger/link-new.ts fsyncSync(fd)` */
  readonly name: string;
  /** a bundle that says where it was: `globalThis.leftOut` */
  readonly leaveOut: string;
  /** a bundle that has it, and says where it is */
  readonly mark: string;
}

/** Every such call of a bundled store. What is not used is not in a bundle. */
export function findSites(text: string): Site[] {
  const sites: Site[] = [];
  const names = new Map<string, number>();
  for (const match of text.matchAll(new RegExp(`\\b(${primitives.join('|')})\\d*\\(`, 'g'))) {
    const [begin, primitive = ''] = match;
    if (/function (\*\s*)?$/.test(text.slice(0, match.index))) continue;
    const file = [...text.slice(0, match.index).matchAll(/^\/\/ src\/(\S+)$/gm)].at(-1)?.[1];
    // Programs are waited for in base/process.ts by another `settle`.
    if (file === undefined || (primitive === 'settle' && !file.startsWith('caches/'))) continue;
    const end = endOfCall(text, match.index + begin.length);
    const call = `${primitive}(${text.slice(match.index + begin.length, end)}`
      .replaceAll(/\s+/g, ' ')
      // What the bundler adds to tell names apart.
      .replaceAll(/([a-zA-Z])\d+\(/g, '$1(');
    const name = `${file} ${call}`;
    const nth = (names.get(name) ?? 0) + 1;
    names.set(name, nth);
    const before = text.slice(0, match.index);
    const after = text.slice(end);
    // Not in a script of the store's.
    const told = before.endsWith('.') ? '' : 'globalThis.leftOut?.(), ';
    sites.push({
      name: nth === 1 ? name : `${name} (${nth})`,
      leaveOut: `${before}${told === '' ? 'valueOf()' : `(${told}${nothing(primitive)})`}${after}`,
      mark: told === '' ? text : `${before}(${told}${text.slice(match.index, end)})${after}`,
    });
  }
  return sites;
}

function nothing(primitive: string): string {
  if (primitive === 'settle') return 'true';
  if (primitive === 'startProcess') return '({ ended: Promise.resolve({ kind: "exited", code: 0 }) })';
  return 'undefined';
}

function endOfCall(text: string, from: number): number {
  let depth = 1;
  let at = from;
  for (; depth > 0; at++) {
    if (text[at] === '(') depth += 1;
    else if (text[at] === ')') depth -= 1;
  }
  return at;
}

/**
 * Which life, as `nameOf` in power-loss.ts names it, shows that a call is missing; or the disk of disk-trouble.ts that has
 * no more of something. */
const usual = 'usual, overlay, durable';
const usualPlain = 'usual, overlay';
const long = 'long, overlay, durable';
const damaged = 'damaged, overlay, durable';

/** Every call, and where it is seen that it was left out: what is there then is wrong, or something is left for ever. */
export const seen: Readonly<Record<string, string>> = {
  'base/files.ts fsyncSync(fd)': usual,
  'caches/ledger/link-new.ts linkSync(temporary, join(folder, name))': usual,
  'caches/ledger/link-new.ts syncDirectory(folder)': usual,
  'caches/ledger/link-new.ts fsyncSync(fd)': usual,
  'caches/ledger/link-new.ts unlinkSync(path)': usual,
  'caches/ledger/archive.ts renameSync(path, join(folder, `.old-${epochName(epoch)}-${randomBytes(4).toString("hex")}`))':
    usual,
  'caches/ledger/archive.ts rmSync(join(folder, name), { recursive: true, force: true })': usual,
  'caches/ledger/reserve.ts rmSync(this.#path, { force: true })': 'blocks',
  'caches/ledger/ledger.ts renameSync(this.#folder, existsSync(aside) ? `${aside}-${randomBytes(3).toString("hex")}` : aside)':
    damaged,
  'caches/ledger/ledger.ts renameSync(temporary, this.#epochFolder(epoch))': usual,
  'caches/ledger/ledger.ts rmSync(temporary, { recursive: true, force: true })': 'last inode',
  'caches/ledger/ledger.ts syncDirectory(this.#folder)': long,
  'caches/trees/deletion.ts renameSync(path, join(doomed, id))': usual,
  'caches/trees/deletion.ts startProcess(["nice", "-n", "19", "sh", "-c", script, "sh", ...some], { env, stderr })':
    usual,
  'caches/ledger/prune.ts rmSync(join(folder, `${epochName(epoch)}.jsonl`), { force: true })': long,
  'caches/ledger/prune.ts syncDirectory(folder)': long,
  'caches/trees/merge.ts startProcess([...command, options, layers[0], view, target], { env: { PATH: process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" }, stderr: (chunk) => { if (complaint.length < 1e3) complaint += Buffer.from(chunk).toString(); } })':
    usual,
  'caches/upkeep/measure.ts settle(parts.layout.layer(first.name))': usualPlain,
  'caches/upkeep/measure.ts startProcess(["sync", "-f", path], { env })': usual,
  'caches/upkeep/compact.ts renameSync(upper, layout.layer(layer))': long,
  'caches/upkeep/compact.ts settle(layout.layer(layer))': usual,
  'caches/report/file-system.ts rmSync(folder, { recursive: true, force: true })': usual,
  'caches/transaction/end.ts settle(path)': usual,
  'caches/transaction/end.ts renameSync(layout.run(level, id).upper, layout.layer(name))': usual,
  "caches/trees/overlay.ts renameSync('merged/d', 'merged/e')": usual,
  'caches/trees/overlay.ts rmSync(folder, { recursive: true, force: true })': 'blocks',
};
