import { existsSync, lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { liesIn } from '../areas.ts';
import { findHidden } from './hidden.ts';

/** What this machine's root file system offers to containers. */
export interface Host {
  /** names in `/` that are symbolic links to where their content is now, with their text: `bin` → `usr/bin` */
  readonly links: ReadonlyMap<string, string>;
  /** absolute directories that are shown, read-only */
  readonly shown: readonly string[];
  /** what of /etc is not shown, relative to it */
  readonly hiddenSettings: readonly string[];
  /** absolute paths elsewhere that are not shown */
  readonly hidden: readonly string[];
  /** Node's executable, when it lies in none of the shown directories */
  readonly node: string | null;
}

/** Tools and configuration of the machine; never homes, state, sockets. /nix and /gnu hold all tools of some systems. */
const offered = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'usr', 'etc', 'opt', 'nix', 'gnu'];
/** Where else secrets are searched, and how deep: in /opt only near the top, where products keep their settings. */
const searched: ReadonlyMap<string, number> = new Map([
  ['/usr/local/etc', Number.POSITIVE_INFINITY],
  ['/opt', 3],
]);
/** A file whose mode changes is noticed after this many milliseconds, for sandboxes prepared from then on. */
const freshness = 60_000;

/** Returns a function that looks at the machine, and again only when the last look is a minute old. */
export function hostWatcher(hidden: readonly string[]): () => Host {
  let host: Host | null = null;
  let seenAt = 0;
  return () => {
    const now = performance.now();
    if (host === null || now - seenAt > freshness) {
      host = lookAtHost(hidden);
      seenAt = now;
    }
    return host;
  };
}

function lookAtHost(hidden: readonly string[]): Host {
  const links = new Map<string, string>();
  const shown: string[] = [];
  for (const name of offered) {
    const path = `/${name}`;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) links.set(name, readlinkSync(path));
    else if (stat?.isDirectory()) shown.push(path);
  }
  const isShown = (path: string) => shown.some((directory) => liesIn(path, directory));
  const secrets = [...searched].flatMap(([top, depth]) =>
    findHidden(top, depth).map((path) => join(top, path)),
  );
  const node = realpathSync(process.execPath);
  return {
    links,
    shown,
    hiddenSettings: findHidden('/etc', Number.POSITIVE_INFINITY),
    hidden: [...secrets, ...[homedir(), ...hidden].filter((path) => isShown(path) && !shown.includes(path))],
    node: isShown(node) ? null : node,
  };
}

/** The executable of that name in PATH, without links; null when there is none. */
export function findProgram(name: string): string | null {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  const found = directories
    .map((directory) => join(directory, name))
    .find((path) => path.startsWith('/') && isProgram(path));
  return found === undefined ? null : realpathSync(found);
}

function isProgram(path: string): boolean {
  if (!existsSync(path)) return false;
  const stat = statSync(path);
  return stat.isFile() && (stat.mode & 0o111) !== 0;
}
