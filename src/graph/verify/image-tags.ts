import { isMapping } from '../values/plain.ts';
import type { Verification } from './verify.ts';

/**
 * Notes caches in whose names only an image's tag is: what is behind the tag may change, and the cache is used on.
 */
export const verifyImageTags: Verification = (tasks, { report }) => {
  for (const { label, task } of tasks.values()) {
    const images = cacheImages(task.extra).filter((image) => image.startsWith('image-tag:'));
    for (const image of new Set(images)) {
      const tag = image.slice('image-tag:'.length);
      const message = `the content of the image ${tag} may change, and its caches would not notice`;
      const hint = '"caisson image pin" writes down which one is meant';
      report({ severity: 'note', message, label, path: ['worker', 'docker-image'], hint });
    }
  }
};

function cacheImages(extra: unknown): string[] {
  const caisson = isMapping(extra) ? extra['caisson'] : undefined;
  const caches = isMapping(caisson) && isMapping(caisson['caches']) ? Object.values(caisson['caches']) : [];
  return caches.flatMap((cache) => {
    const record = isMapping(cache) && isMapping(cache['record']) ? cache['record'] : {};
    return typeof record['image'] === 'string' ? [record['image']] : [];
  });
}
