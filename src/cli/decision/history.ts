/** What a decision task asks the repository that it compiles. */
export interface History {
  /** the repository's top, an absolute path */
  readonly top: string;
  /** of the revision that is checked out */
  commitMessage(): string;
  /** Is the revision, or what the name stands for, in this clone? */
  has(revision: string): boolean;
  /** The latest common ancestor; null when there is none, or one of the two is not here. */
  mergeBase(one: string, other: string): string | null;
  /** Paths that differ between two revisions; without a base, all that the revision has. */
  changedFiles(revision: string, base: string | null): string[];
  /** A note on the revision that is checked out, from the remote repository; null when there is none. */
  note(ref: string, remote: string): string | null;
}

/** What both git and hg call the revision before the first one. */
export const nullRevision = '0'.repeat(40);
