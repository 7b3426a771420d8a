import { posix } from 'node:path';
import { compareCodePoints } from '../../../base/hash.ts';
import { didYouMean } from '../../../base/suggest.ts';
import type { CheckoutLayout } from '../../../caches/record.ts';
import { listAt, mappingAt } from '../../payloads/payload.ts';
import { formatPython } from '../../values/python-format.ts';
import { isMapping, type Mapping } from '../../values/plain.ts';
import { remembered } from '../../values/remembered.ts';
import { DraftError, inField } from '../draft-step.ts';
import type { Draft, RepoConfig, TransformContext } from '../transform.ts';

/** Where checkouts of a task lie: the checkout cache is mounted there. */
export function checkoutFolder(worker: Mapping, run: Mapping): string {
  if (worker['os'] === 'windows') return 'build';
  return worker['implementation'] === 'docker-worker' ? `${String(run['workdir'])}/checkouts` : 'checkouts';
}

export function sourceFolder(worker: Mapping): string {
  return worker['os'] === 'windows' ? 'src' : 'vcs';
}

/** The same list each time, so that what is said of it is put together once. */
const theOnly = remembered((repoConfigs: ReadonlyMap<string, RepoConfig>): readonly RepoConfig[] => [
  ...repoConfigs.values(),
]);

/** The repositories that `run.checkout` asks for; null when it asks for none. */
export function wantedRepositories(
  { repoConfigs }: TransformContext,
  run: Mapping,
): readonly RepoConfig[] | null {
  const checkout = run['checkout'];
  if (checkout === false || checkout === null || (isMapping(checkout) && Object.keys(checkout).length === 0))
    return null;
  if (checkout === true) {
    if (repoConfigs.size === 1) return theOnly(repoConfigs);
    const hint = `write checkout: {${[...repoConfigs.keys()][0]}: {}}`;
    throw new DraftError(
      'there are several repositories: "checkout" has to name those wanted',
      ['run', 'checkout'],
      hint,
    );
  }
  return Object.entries(checkout as Record<string, unknown>).map(([prefix, change]) => {
    const known = repoConfigs.get(prefix);
    if (known === undefined) {
      throw new DraftError(
        `there is no repository "${prefix}"`,
        ['run', 'checkout', prefix],
        didYouMean(prefix, repoConfigs.keys()),
      );
    }
    return changed(known, isMapping(change) ? change : {}, ['run', 'checkout', prefix]);
  });
}

const changeable: Readonly<Record<string, keyof RepoConfig>> = {
  prefix: 'prefix',
  path: 'path',
  name: 'name',
  type: 'type',
  base_repository: 'baseRepository',
  head_repository: 'headRepository',
  head_ref: 'headRef',
  head_rev: 'headRev',
  ssh_secret_name: 'sshSecretName',
};

function changed(config: RepoConfig, change: Mapping, path: readonly string[]): RepoConfig {
  const changes = Object.entries(change).map(([key, value]) => {
    const field = Object.hasOwn(changeable, key) ? changeable[key] : undefined;
    if (field === undefined)
      throw new DraftError(`unknown key "${key}"`, [...path, key], didYouMean(key, Object.keys(changeable)));
    const optional = field === 'headRev' || field === 'sshSecretName';
    if (typeof value !== 'string' && !(optional && value === null))
      throw new DraftError(`"${[...path, key].join('.')}" must be a text`, [...path, key]);
    return [field, value];
  });
  return { ...config, ...(Object.fromEntries(changes) as Partial<RepoConfig>) };
}

/** What is in a checkout cache, for its name. */
export function layoutOf(repositories: readonly RepoConfig[], run: Mapping): CheckoutLayout {
  const command = Array.isArray(run['run-task-command']) ? (run['run-task-command'] as string[]) : [];
  const shallow = command.some((word) => word.endsWith('-shallow-clone'));
  return layoutFor(repositories, shallow ? 'shallow' : 'full');
}

const layoutFor = remembered(
  (repositories: readonly RepoConfig[], depth): CheckoutLayout => ({
    vcs: [...new Set(repositories.map(({ type }) => type))].sort(compareCodePoints).join('+'),
    repositories: repositories.map(({ path, prefix }) => `${path}\t${prefix}`).sort(compareCodePoints),
    shallow: depth === 'shallow',
  }),
);

/** Environment, scopes and options of run-task for a checkout; answers the options. */
export function addCheckout(draft: Draft, run: Mapping, repositories: readonly RepoConfig[]): string[] {
  const worker = draft['worker'] as Mapping;
  const folder = checkoutFolder(worker, run);
  const docker = worker['implementation'] === 'docker-worker';
  const source = `${folder}/${sourceFolder(worker)}`;
  const store =
    worker['os'] === 'windows' ? 'y:/hg-shared' : docker ? `${folder}/hg-store` : `${folder}/hg-shared`;
  const env = mappingAt(worker, 'env');
  env['HG_STORE_PATH'] = store;
  env['VCS_PATH'] = source;
  Object.assign(env, environmentOf(repositories));
  for (const { sshSecretName } of repositories)
    if (sshSecretName) listAt(draft, 'scopes').push(`secrets:get:${sshSecretName}`);
  if (docker) worker['taskcluster-proxy'] = true;
  if (typeof run['cwd'] === 'string') {
    const cwd = run['cwd'];
    const filled = inField(['run', 'cwd'], () => formatPython(cwd, { checkout: source }));
    run['cwd'] = posix.normalize(filled).replace(/(?<=.)\/$/, '');
  }
  return repositories.map(({ prefix, path }) => `--${prefix}-checkout=${pythonJoin(source, path)}`);
}

const environmentOf = remembered((repositories: readonly RepoConfig[]): Readonly<Record<string, string>> => {
  const env: Record<string, string> = {
    REPOSITORIES: JSON.stringify(Object.fromEntries(repositories.map(({ prefix, name }) => [prefix, name]))),
  };
  for (const repository of repositories) {
    const values = {
      BASE_REPOSITORY: repository.baseRepository,
      HEAD_REPOSITORY: repository.headRepository,
      HEAD_REV: repository.headRev,
      HEAD_REF: repository.headRef,
      REPOSITORY_TYPE: repository.type,
      SSH_SECRET_NAME: repository.sshSecretName,
    };
    for (const [name, value] of Object.entries(values))
      if (value !== null) env[`${repository.prefix.toUpperCase()}_${name}`] = value;
  }
  return env;
});

/** An empty second part leaves a slash at the end; the Python program's tasks have it. */
function pythonJoin(folder: string, path: string): string {
  return path.startsWith('/') ? path : `${folder}/${path}`;
}
