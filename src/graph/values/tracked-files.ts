import { lstatSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { git } from '../../base/git.ts';
import { openWorkTree } from '../../base/work-tree.ts';
import { compareCodePoints, sha256 } from '../../base/hash.ts';
import { HintedError } from './hinted-error.ts';
import { pathMatches } from './path-match.ts';

/**
 * The files of a repository that are tracked, as they lie in the work tree. Listings and digests are kept: make a new
 * one when files may have changed.
 */
export class TrackedFiles {
  private readonly repository: string;
  private paths: readonly string[] | undefined;
  private readonly matches = new Map<string, readonly string[]>();
  private readonly digests = new Map<string, string>();

  constructor(repository: string) {
    this.repository = repository;
  }

  /**
   * A SHA-256, 64 hex digits, of the names and contents of all files that match one of the patterns (see `pathMatches`).
   * Throws HintedError for a pattern that matches nothing, and for a link that leads out of the repository.
   */
  digest(patterns: readonly string[]): string {
    return sha256(
      this.paired(patterns)
        .map(([path, digest]) => `${digest} ${path}\n`)
        .join(''),
    );
  }

  /** The same files one by one: path to SHA-256 of the content. Throws as `digest` does. */
  digestsOf(patterns: readonly string[]): Readonly<Record<string, string>> {
    return Object.fromEntries(this.paired(patterns));
  }

  private paired(patterns: readonly string[]): [path: string, digest: string][] {
    const paths = [...new Set(patterns.flatMap((pattern) => this.matching(pattern)))].sort(compareCodePoints);
    return paths.map((path) => [path, this.digestOf(path)]);
  }

  private matching(pattern: string): readonly string[] {
    let matching = this.matches.get(pattern);
    if (!matching) {
      this.paths ??= [...new Set(openWorkTree(this.repository).trackedFiles())].filter((path) =>
        this.isThere(path),
      );
      matching = this.paths.filter((path) => pathMatches(path, pattern));
      this.matches.set(pattern, matching);
    }
    if (matching.length === 0)
      throw new HintedError(`no file matches "${pattern}"`, 'only files that are tracked count');
    return matching;
  }

  private digestOf(path: string): string {
    let digest = this.digests.get(path);
    if (digest === undefined) {
      digest = sha256(this.contentOf(path));
      this.digests.set(path, digest);
    }
    return digest;
  }

  private contentOf(path: string): Uint8Array | string {
    const full = join(this.repository, path);
    const stats = lstatSync(full);
    if (stats.isFile()) return readFileSync(full);
    // A submodule counts as the commit that is recorded for it.
    if (!stats.isSymbolicLink()) return git(['ls-files', '--stage', '--', path], this.repository);
    const target = statSync(full, { throwIfNoEntry: false });
    // A link to a folder, or to nothing, counts as the link that it is.
    if (!target?.isFile()) return readlinkSync(full);
    if (!realpathSync(full).startsWith(realpathSync(this.repository) + sep)) {
      throw new HintedError(`"${path}" is a link that leads out of the repository`);
    }
    return readFileSync(full);
  }

  private isThere(path: string): boolean {
    return lstatSync(join(this.repository, path), { throwIfNoEntry: false }) !== undefined;
  }
}
