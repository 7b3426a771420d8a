import { resolve } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import { fail } from '../../base/failure.ts';
import { compareCodePoints } from '../../base/hash.ts';
import { didYouMean } from '../../base/suggest.ts';
import { compile } from '../../graph/compile.ts';
import { imageLockName, isPinned, readImageLock, writeImageLock } from '../../graph/load/image-lock.ts';
import { Mistakes } from '../../graph/mistakes.ts';
import type { Parameters } from '../../graph/parameters/parameters.ts';
import type { Repository } from '../repository.ts';
import { runTaskBundle } from '../run-task-bundle.ts';
import { askDigest } from './registry.ts';

export interface PinRequest {
  readonly repository: Repository;
  /** images that tasks use with any of these are pinned */
  readonly parameters: readonly Parameters[];
  /** only these are asked for anew; empty: all */
  readonly images: readonly string[];
}

export interface Pin {
  readonly image: string;
  readonly digest: string;
  /** what the lock file had; null when it had none */
  readonly before: string | null;
}

/** Writes the lock file anew: every image by tag that a task uses, and no other. Nothing is written when one fails. */
export async function pinImages({ repository, parameters, images }: PinRequest): Promise<readonly Pin[]> {
  const folder = resolve(repository.top, repository.root);
  const mistakes = new Mistakes({ strict: false });
  const known = readImageLock(folder, repository.root, mistakes);
  mistakes.check();

  const used = await usedImages(repository, parameters);
  for (const image of images)
    if (!used.includes(image)) fail('usage', `no task uses the image "${image}"`, didYouMean(image, used));
  const pins: Pin[] = [];
  for (const image of used) {
    const before = known.get(image) ?? null;
    const isAsked = images.length === 0 || images.includes(image) || before === null;
    pins.push({ image, digest: isAsked ? await askDigest(image) : before, before });
  }
  const text = writeImageLock(new Map(pins.map(({ image, digest }) => [image, digest])));
  writeFileAtomic(resolve(folder, imageLockName), text);
  return pins;
}

/** Sorted. */
async function usedImages(repository: Repository, sets: readonly Parameters[]): Promise<string[]> {
  const images = new Set<string>();
  for (const parameters of sets) {
    const { full } = await compile(
      {
        root: repository.root,
        repository: repository.top,
        parameters,
        wrapper: runTaskBundle().digests,
        // References to artifacts need an address, any will do.
        rootUrl: 'https://taskcluster.invalid',
        index: null,
        pinImages: false,
      },
      'full',
    );
    for (const { task } of full.values()) {
      const { image } = (task.payload ?? {}) as { readonly image?: unknown };
      if (typeof image === 'string' && !isPinned(image)) images.add(image);
    }
  }
  return [...images].sort(compareCodePoints);
}
