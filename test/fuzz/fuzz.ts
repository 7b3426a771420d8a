import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FailureError } from '../../src/base/failure.ts';
import { drawFailure } from '../../src/cli/output/failure.ts';
import { compile } from '../../src/graph/compile.ts';
import type { Parameters } from '../../src/graph/parameters/parameters.ts';
import { parameters, runGit } from '../graph/core/work-tree.ts';
import { type CorpusRepository, corpusRepositories, yamlFiles } from '../support/corpus.ts';
import { mutated } from './mutate.ts';
import { Random } from './random.ts';

/** A file with which the compiler did something else than compile or say what is wrong. */
export interface Finding {
  readonly repository: string;
  readonly path: string;
  readonly text: string;
  readonly problem: string;
}

export interface Tally {
  graphs: number;
  refusals: number;
  readonly findings: Finding[];
  slowest: number;
}

/** Milliseconds of processor time. */
const longest = 2000;

/** Compiles repositories `count` times, each time with one file of them mutated. */
export async function fuzz(seed: number, count: number): Promise<Tally> {
  const random = new Random(seed);
  const tally: Tally = { graphs: 0, refusals: 0, findings: [], slowest: 0 };
  const trees = corpusRepositories()
    .filter(({ refused }) => !refused)
    .map((repository) => new Tree(repository));
  try {
    for (let i = 0; i < count; i++) {
      const tree = random.of(trees);
      const path = random.of(tree.files);
      const original = readFileSync(join(tree.top, path), 'utf8');
      const text = mutated(original, random);
      writeFileSync(join(tree.top, path), text);
      const problem = await tried(tree, tally);
      if (problem !== null) tally.findings.push({ repository: tree.repository.name, path, text, problem });
      writeFileSync(join(tree.top, path), original);
    }
  } finally {
    for (const tree of trees) tree.remove();
  }
  return tally;
}

/** A copy of a repository whose files git tracks. */
export class Tree {
  readonly repository: CorpusRepository;
  readonly top: string;
  readonly files: readonly string[];

  constructor(repository: CorpusRepository) {
    this.repository = repository;
    this.top = mkdtempSync(join(tmpdir(), 'caisson-fuzz-'));
    const names = repository.name === '.' ? ['taskcluster', 'package-lock.json'] : [''];
    for (const name of names)
      cpSync(join(repository.top, name), join(this.top, name), { recursive: true, force: true });
    runGit(['init', '--quiet'], this.top);
    runGit(['add', '--all', '--force'], this.top);
    this.files = yamlFiles({ ...repository, top: this.top });
  }

  remove(): void {
    rmSync(this.top, { recursive: true, force: true });
  }
}

/** What went wrong, or null. */
export async function tried(tree: Tree, tally: Tally): Promise<string | null> {
  const { repository, top } = tree;
  const start = process.cpuUsage();
  try {
    await compile(
      {
        root: repository.root,
        repository: top,
        parameters: (repository.parameters ?? parameters) as Parameters,
        wrapper: { 'run-task': 'ab'.repeat(32), 'fetch-content': 'ef'.repeat(32) },
        rootUrl: 'https://tc.example.com',
        index: null,
      },
      'morphed',
    );
    tally.graphs++;
  } catch (error) {
    if (!(error instanceof FailureError))
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (drawFailure(error.failure).includes('undefined:')) return drawFailure(error.failure);
    tally.refusals++;
  }
  // Others may be using the machine too.
  const { user, system } = process.cpuUsage(start);
  const took = (user + system) / 1000;
  tally.slowest = Math.max(tally.slowest, took);
  return took > longest ? `it took ${Math.round(took)} ms` : null;
}
