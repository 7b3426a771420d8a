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

/** A call of the store, as its bundle has it, and how it is left out. */
export interface Site {
  /** file and text, e.g. `ledger/link-new.ts fsyncSync(fd)` */
  readonly name: string;
  leaveOut(text: string): string;
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
    sites.push({
      name: nth === 1 ? name : `${name} (${nth})`,
      leaveOut: (whole) => {
        const before = whole.slice(0, match.index);
        // In a script of the store's.
        if (before.endsWith('.')) return `${before}valueOf()${whole.slice(end)}`;
        return `${before}(globalThis.leftOut?.(), ${nothing(primitive)})${whole.slice(end)}`;
      },
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

/** Without one of these calls, a replay of power losses finds something wrong: `mutants.test.ts` shows it. */
export const seen: readonly string[] = [
  'base/files.ts fsyncSync(fd)',
  'caches/ledger/link-new.ts linkSync(temporary, join(folder, name))',
  'caches/ledger/link-new.ts syncDirectory(folder)',
  'caches/ledger/link-new.ts fsyncSync(fd)',
  'caches/ledger/link-new.ts unlinkSync(path)',
  'caches/ledger/archive.ts rmSync(join(folder, name), { recursive: true, force: true })',
];

/** Calls of which that is not shown: other tests, or nobody, see when one of them is left out. */
export const notShown: readonly string[] = [
  'caches/ledger/archive.ts renameSync(path, aside)',
  'caches/ledger/archive.ts rmSync(aside, { recursive: true, force: true })',
  'caches/ledger/reserve.ts rmSync(this.#path, { force: true })',
  'caches/ledger/ledger.ts renameSync(this.#folder, existsSync(aside) ? `${aside}-${randomBytes(3).toString("hex")}` : aside)',
  'caches/ledger/ledger.ts renameSync(temporary, this.#epochFolder(epoch))',
  'caches/ledger/ledger.ts rmSync(temporary, { recursive: true, force: true })',
  'caches/ledger/ledger.ts syncDirectory(this.#folder)',
  'caches/trees/deletion.ts renameSync(path, join(doomed, id))',
  'caches/trees/deletion.ts startProcess(["nice", "-n", "19", "sh", "-c", script, "sh", ...some], { env, stderr })',
  'caches/ledger/prune.ts rmSync(join(folder, `${epochName(epoch)}.jsonl`), { force: true })',
  'caches/ledger/prune.ts syncDirectory(folder)',
  'caches/trees/merge.ts startProcess([...command, options, layers[0], view, target], { env: { PATH: process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" }, stderr: (chunk) => { if (complaint.length < 1e3) complaint += Buffer.from(chunk).toString(); } })',
  'caches/upkeep/measure.ts settle(parts.layout.layer(first.name))',
  'caches/upkeep/measure.ts startProcess(["sync", "-f", path], { env })',
  'caches/upkeep/compact.ts renameSync(upper, layout.layer(layer))',
  'caches/upkeep/compact.ts syncDirectory(layout.layers(level))',
  'caches/upkeep/compact.ts settle(layout.layer(layer))',
  'caches/report/file-system.ts rmSync(folder, { recursive: true, force: true })',
  'caches/transaction/end.ts settle(path)',
  'caches/transaction/end.ts renameSync(layout.run(level, id).upper, layout.layer(name))',
  'caches/transaction/end.ts syncDirectory(layout.layers(level))',
  "caches/trees/overlay.ts renameSync('merged/d', 'merged/e')",
  'caches/trees/overlay.ts rmSync(folder, { recursive: true, force: true })',
];
