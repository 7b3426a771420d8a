import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './caisson.ts';

/** A repository with a `taskcluster/` folder that other people, or we, wrote. */
export interface CorpusRepository {
  readonly name: string;
  readonly top: string;
  /** the folder of config.yml, from `top` */
  readonly root: string;
  /** whether taskgraph refuses it */
  readonly refused: boolean;
  /** complete ones for it; null: the defaults will do */
  readonly parameters: Readonly<Record<string, unknown>> | null;
}

const corpus = join(root, '../shared/conformance/graph');

/** This repository, its examples, and the conformance corpus where it lies beside this repository. */
export function corpusRepositories(): CorpusRepository[] {
  const own = ['.', 'examples/hello', 'examples/plugin'].map((name) => ({
    name,
    top: join(root, name),
    root: 'taskcluster',
    refused: false,
    parameters: null,
  }));
  return [...own, ...(existsSync(corpus) ? readdirSync(corpus).flatMap(caseNamed) : [])];
}

function caseNamed(name: string): CorpusRepository[] {
  const folder = join(corpus, name);
  if (!existsSync(join(folder, 'case.json'))) return [];
  const { root: configFolder = 'taskcluster', error } = readJson(join(folder, 'case.json'));
  return [
    {
      name,
      top: join(folder, 'repo'),
      root: String(configFolder),
      refused: error !== undefined,
      parameters: readJson(join(folder, 'params.json')),
    },
  ];
}

function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}

/** Paths of the YAML files of a repository's configuration, from its top. */
export function yamlFiles({ top, root: configFolder }: CorpusRepository): string[] {
  const entries = readdirSync(join(top, configFolder), { recursive: true, encoding: 'utf8' });
  return entries
    .filter((entry) => entry.endsWith('.yml') && !entry.includes('node_modules'))
    .map((entry) => join(configFolder, entry))
    .sort();
}
