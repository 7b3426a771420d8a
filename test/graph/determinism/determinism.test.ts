import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { load } from 'js-yaml';
import { compile } from '../../../src/graph/compile.ts';
import { formatJson } from '../../../src/graph/output/format.ts';
import type { Parameters } from '../../../src/graph/parameters/parameters.ts';
import { yaml11 } from '../../../src/graph/load/yaml-schema.ts';
import { type CorpusRepository, corpusRepositories } from '../../support/corpus.ts';
import { Random } from '../../fuzz/random.ts';
import { parameters, runGit } from '../core/work-tree.ts';
import { shuffledConfig, shuffledKind, type Shuffle } from './shuffled.ts';

interface File {
  readonly path: string;
  readonly text: Buffer;
  readonly isExecutable: boolean;
}

const repositories = corpusRepositories().filter(({ refused, name }) => !refused && name !== '.');

/** The graph of the files, written in the order given into a new folder, as text; nothing of the folder may be in it. */
async function graphOf(repository: CorpusRepository, files: readonly File[], umask = 0o22): Promise<string> {
  const top = mkdtempSync(join(tmpdir(), 'caisson-determinism-'));
  try {
    for (const { path, text, isExecutable } of files) {
      mkdirSync(dirname(join(top, path)), { recursive: true });
      writeFileSync(join(top, path), text);
      chmodSync(join(top, path), (isExecutable ? 0o777 : 0o666) & ~umask);
    }
    runGit(['init', '--quiet'], top);
    runGit(['add', '--all', '--force'], top);
    const { graph } = await compile(
      {
        root: repository.root,
        repository: top,
        parameters: (repository.parameters ?? parameters) as Parameters,
        wrapper: { 'run-task': 'ab'.repeat(32), 'fetch-content': 'ef'.repeat(32) },
        rootUrl: 'https://tc.example.com',
        index: null,
      },
      'full',
    );
    return formatJson(graph).replaceAll(top, '<TOP>');
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

function filesOf({ top }: CorpusRepository): File[] {
  return readdirSync(top, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(top, path)).isFile())
    .map((path) => ({
      path,
      text: readFileSync(join(top, path)),
      isExecutable: (statSync(join(top, path)).mode & 0o100) !== 0,
    }));
}

function shuffleWith(seed: number): Shuffle {
  const random = new Random(seed);
  return (list) => {
    const result = [...list];
    for (let i = result.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [result[i], result[j]] = [result[j]!, result[i]!];
    }
    return result;
  };
}

/** Kinds whose tasks others see in the order of the file. */
function seenKinds(files: readonly File[]): Set<string> {
  const kinds = files.filter(({ path }) => path.endsWith('/kind.yml'));
  return new Set(
    kinds.flatMap(({ text }) => {
      const config = load(text.toString(), { schema: yaml11, json: true }) as Record<string, unknown>;
      return (config['kind-dependencies'] ?? []) as string[];
    }),
  );
}

function reordered(files: readonly File[], shuffle: Shuffle): File[] {
  const seen = seenKinds(files);
  return files.map((file) => {
    const kind = /\/kinds\/([^/]+)\/kind\.yml$/.exec(file.path)?.[1];
    const text = file.text.toString();
    if (kind !== undefined)
      return { ...file, text: Buffer.from(shuffledKind(text, shuffle, { tasks: !seen.has(kind) })) };
    if (file.path.endsWith('/config.yml'))
      return { ...file, text: Buffer.from(shuffledConfig(text, shuffle)) };
    return file;
  });
}

describe('a graph', () => {
  it.each(repositories.map((repository) => [repository.name, repository] as const))(
    'of %s is the same whatever the order of files and keys, the folder, modes, time zone and environment are',
    async (_, repository) => {
      const files = filesOf(repository);
      const expected = await graphOf(repository, files);
      const seeds = fc.record({
        seed: fc.integer(),
        zone: fc.constantFrom('UTC', 'Asia/Tokyo', 'America/St_Johns'),
      });
      await fc.assert(
        fc.asyncProperty(seeds, async ({ seed, zone }) => {
          const shuffle = shuffleWith(seed);
          vi.stubEnv('TZ', zone);
          vi.stubEnv('LANG', 'tr_TR.UTF-8');
          vi.stubEnv('TASK_ID', 'AAAAAAAAQAaAAAAAAAAAAA');
          vi.stubEnv('PYTHONHASHSEED', String(seed));
          try {
            const other = await graphOf(
              repository,
              shuffle(reordered(files, shuffle)),
              seed % 2 === 0 ? 0o2 : 0o77,
            );
            expect(other).toBe(expected);
          } finally {
            vi.unstubAllEnvs();
          }
        }),
        { numRuns: Number(process.env['DETERMINISM_RUNS'] ?? 1) },
      );
    },
  );

  it('is not that of files in which something else stands', async () => {
    const [repository] = repositories.filter(({ name }) => name === 'examples/hello');
    const files = filesOf(repository!);
    const changed = files.map((file) =>
      file.path.endsWith('kind.yml')
        ? {
            ...file,
            text: Buffer.from(file.text.toString().replace(/description: \S+/, 'description: other')),
          }
        : file,
    );
    expect(await graphOf(repository!, changed)).not.toBe(await graphOf(repository!, files));
  });
});
