// The real repositories of a conformance corpus: its cases whose names begin with `real-`.
import { cpSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { commitAll } from './repository.mjs';

/**
 * Copies each into a folder of its own below `folder` and commits it.
 * @returns for each its name, folder, the folder of config.yml in it and the path of complete parameters; none where
 * there is no corpus
 */
export function realRepositories(corpus, folder) {
  if (!existsSync(corpus)) return [];
  const names = readdirSync(corpus).filter((name) => name.startsWith('real-'));
  return names.map((name) => {
    const top = join(folder, name);
    cpSync(join(corpus, name, 'repo'), top, { recursive: true });
    commitAll(top);
    const { root = 'taskcluster' } = JSON.parse(readFileSync(join(corpus, name, 'case.json'), 'utf8'));
    return { name: name.slice('real-'.length), top, root, parameters: join(corpus, name, 'params.json') };
  });
}
