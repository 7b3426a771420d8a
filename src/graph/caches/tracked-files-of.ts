import type { TransformContext } from '../transforms/transform.ts';
import { TrackedFiles } from '../values/tracked-files.ts';

const ofContexts = new WeakMap<TransformContext, TrackedFiles>();

/** The repository's tracked files, listed and read once for all tasks of a kind: a compilation sees one state of them. */
export function trackedFilesOf(context: TransformContext): TrackedFiles {
  let files = ofContexts.get(context);
  if (files === undefined) {
    files = new TrackedFiles(context.repository);
    ofContexts.set(context, files);
  }
  return files;
}
