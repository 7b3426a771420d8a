import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../../base/failure.ts';
import { isErrno } from '../../../base/files.ts';
import { liesIn } from '../areas.ts';
import type { Mount } from '../engine.ts';

/** What the host can see of the layers that a sandbox has mounted. */
export interface LayerViews {
  /** To be called before each mount of the layers by a container. */
  allowMount(): void;
  /** Mounts the view whose place this is, when it is one; read-only. */
  show(place: string): void;
  hide(): void;
}

export function layerViews(mounts: readonly Mount[]): LayerViews {
  const views = new Map(mounts.flatMap(({ source, layers }) => (layers ? [[source, layers] as const] : [])));
  const shown = new Set<string>();
  return {
    allowMount() {
      // A volatile overlay is not mounted a second time, since after a crash of the machine it might be torn: of that
      // we would not be here. The commands of a task come one after another.
      for (const { work } of views.values())
        rmSync(join(work, 'work/incompat'), { recursive: true, force: true });
    },
    show(place) {
      const layers = views.get(place);
      if (layers === undefined || shown.has(place)) return;
      const lower = [layers.upper, ...layers.lower].join(':');
      const options = `ro,nodev,nosuid,noexec,lowerdir=${lower},redirect_dir=on,metacopy=on`;
      const done = spawnSync('mount', ['-t', 'overlay', 'overlay', '-o', options, place], {
        encoding: 'utf8',
      });
      if (done.status !== 0) fail('unavailable', `cannot look into a cache: ${done.stderr.trim()}`);
      shown.add(place);
    },
    hide() {
      for (const place of shown) unmountBelow(place);
      shown.clear();
    },
  };
}

/** Unmounts what is mounted at a directory or below it, whoever mounted it. */
export function unmountBelow(directory: string): void {
  const places = mountPlaces().filter((place) => liesIn(place, directory));
  for (const place of places.reverse()) spawnSync('umount', ['--lazy', place]);
}

function mountPlaces(): string[] {
  try {
    const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    return lines.flatMap((line) => line.split(' ')[4]?.replace(/\\([0-7]{3})/g, byte) ?? []);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return [];
  }
}

/** Spaces and the like are written as octal numbers. */
function byte(_: string, octal: string): string {
  return String.fromCharCode(Number.parseInt(octal, 8));
}
