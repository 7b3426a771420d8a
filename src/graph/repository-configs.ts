import type { GraphConfig, RepositoryConfig } from './graph-config.ts';
import type { ConfigFile } from './load/config-file.ts';
import type { Mistakes } from './mistakes.ts';
import type { Parameters } from './parameters/parameters.ts';
import type { RepoConfig } from './transforms/transform.ts';
import { pythonMatch, PythonRegexError } from './values/python-regex.ts';

/** The repositories of config.yml as tasks check them out, the one that is being compiled first. */
export function repositoryConfigs(
  { file, config }: ConfigFile,
  parameters: Parameters,
  mistakes: Mistakes,
): ReadonlyMap<string, RepoConfig> {
  const { repositories } = config.taskgraph;
  const current = currentPrefix(config, parameters, (message, path, hint) =>
    mistakes.add({
      severity: 'error',
      message,
      place: file.placeOf(path),
      ...(hint === undefined ? {} : { hint }),
    }),
  );
  const found = new Map<string, RepoConfig>([
    [
      current,
      {
        prefix: current,
        name: repositories[current]!.name,
        baseRepository: parameters.base_repository,
        headRepository: parameters.head_repository,
        headRef: parameters.head_ref,
        headRev: parameters.head_rev,
        type: parameters.repository_type,
        path: '',
        sshSecretName: repositories[current]!['ssh-secret-name'] ?? null,
      },
    ],
  ]);
  for (const [prefix, repository] of Object.entries(repositories)) {
    if (prefix === current) continue;
    for (const key of ['default-repository', 'default-ref', 'type'] as const) {
      if (repository[key] !== undefined) continue;
      const message = `repository "${prefix}" needs the key "${key}", since there are several repositories`;
      mistakes.add({
        severity: 'error',
        message,
        place: file.placeOf(['taskgraph', 'repositories', prefix]),
      });
    }
    found.set(prefix, otherRepository(prefix, repository));
  }
  return found;
}

function otherRepository(prefix: string, repository: RepositoryConfig): RepoConfig {
  const url = repository['default-repository'] ?? '';
  return {
    prefix,
    name: repository.name,
    baseRepository: url,
    headRepository: url,
    headRef: repository['default-ref'] ?? '',
    headRev: null,
    type: repository.type ?? '',
    path: '',
    sshSecretName: repository['ssh-secret-name'] ?? null,
  };
}

type Tell = (message: string, path: readonly string[], hint?: string) => void;

/** The one whose `project-regex` matches the project; the first when that is not clear, which is told. */
function currentPrefix(config: GraphConfig, { project }: Parameters, tell: Tell): string {
  const { repositories } = config.taskgraph;
  const prefixes = Object.keys(repositories);
  if (prefixes.length === 1) return prefixes[0]!;
  const matching = prefixes.filter((prefix) => {
    const path = ['taskgraph', 'repositories', prefix];
    const pattern = repositories[prefix]!['project-regex'] ?? null;
    if (pattern === null) {
      tell(
        `repository "${prefix}" needs the key "project-regex", since there are several repositories`,
        path,
      );
      return false;
    }
    try {
      return pythonMatch(pattern, project) !== null;
    } catch (error) {
      if (!(error instanceof PythonRegexError)) throw error;
      tell(error.message, [...path, 'project-regex']);
      return false;
    }
  });
  if (matching.length !== 1) {
    const hint = 'the parameter "project" must match the "project-regex" of exactly one repository';
    tell(
      `${matching.length === 0 ? 'no repository matches' : 'several repositories match'} project "${project}"`,
      ['taskgraph', 'repositories'],
      hint,
    );
  }
  return matching[0] ?? prefixes[0]!;
}
