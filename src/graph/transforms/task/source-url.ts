import type { Parameters } from '../../parameters/parameters.ts';

/** Where people can look at a file of the revision that is compiled. */
export function sourceUrl({ head_repository, head_rev, repository_type }: Parameters, path: string): string {
  if (repository_type === 'hg') return `${head_repository}/file/${head_rev}/${path}`;
  const github = head_repository.startsWith('git@github.com:');
  const repository = github
    ? head_repository.replace(/\.git$/, '').replace('git@github.com:', 'https://github.com/')
    : head_repository.replace(/\/$/, '');
  return `${repository}/blob/${head_rev}/${path}`;
}
