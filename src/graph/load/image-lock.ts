import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ifThere } from '../../base/files.ts';
import { compareCodePoints } from '../../base/hash.ts';
import type { Mistakes } from '../mistakes.ts';
import type { Mapping } from '../values/plain.ts';
import { isUnreadable } from '../values/unreadable.ts';
import { parseJson } from './json-file.ts';
import { keys, mapOf, restricted, text } from './shape.ts';

/** Beside config.yml; committed. */
export const imageLockName = 'images.lock.json';

/** Images as kind.yml has them, by tag, to the digests of what they stand for. */
export type ImagePins = ReadonlyMap<string, string>;

const digest = /^sha256:[0-9a-f]{64}$/;
const shape = keys({
  required: {
    version: (value, path, tell) => {
      if (value !== 1) tell({ message: '"version" must be 1', path });
    },
    images: mapOf(
      restricted(text, (value, path, tell) => {
        if (!digest.test(value as string))
          tell({ message: 'a digest is "sha256:" and 64 hexadecimal digits', path });
      }),
    ),
  },
});

/** The pins that are committed; none where there is no lock file. What is wrong with it is added to `mistakes`. */
export function readImageLock(folder: string, root: string, mistakes: Mistakes): ImagePins {
  const shown = posix.join(root, imageLockName);
  let source: string | null;
  try {
    source = ifThere(() => readFileSync(join(folder, imageLockName), 'utf8'));
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    mistakes.add({ severity: 'error', message: `${shown} is no file that can be read` });
    return new Map();
  }
  if (source === null) return new Map();
  const parsed = parseJson(source, shown);
  if (!parsed.ok) {
    mistakes.add(parsed.error);
    return new Map();
  }
  const file = parsed.value;
  let isRight = true;
  shape(file.value, [], ({ message, path, hint }) => {
    isRight = false;
    const place = file.placeOf(path);
    mistakes.add({ severity: 'error', message, place, ...(hint === undefined ? {} : { hint }) });
  });
  return new Map(isRight ? Object.entries((file.value as Mapping).images as Record<string, string>) : []);
}

/** The lock file's text: the same for the same pins. */
export function writeImageLock(pins: ImagePins): string {
  const images = Object.fromEntries([...pins].sort(([a], [b]) => compareCodePoints(a, b)));
  return `${JSON.stringify({ version: 1, images }, null, 2)}\n`;
}

/** Does the name of an image say which content it has? */
export function isPinned(image: string): boolean {
  return image.includes('@');
}

/** The image with its digest, where it is known. */
export function pinned(image: string, pins: ImagePins): string {
  const known = isPinned(image) ? undefined : pins.get(image);
  return known === undefined ? image : `${image}@${known}`;
}
