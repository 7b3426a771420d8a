import { fail } from '../../base/failure.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { Action } from '../plugins/action.ts';

/**
 * Fails unless the task that runs the callback has the scope of the action's permission: an action that needs more
 * rights than others must not be run through the others' hook. The scope has to be there literally.
 */
export function checkActionScope(
  { permission, callbackName }: Action,
  parameters: Parameters,
  scopes: readonly string[],
): void {
  const { head_repository: head, base_repository: base } = parameters;
  const wanted = [
    `assume:${rolePrefix(head)}:action:${permission}`,
    `assume:${rolePrefix(base)}:pr-action:${permission}`,
  ];
  if (wanted.some((scope) => scopes.includes(scope))) return;
  fail(
    'unavailable',
    `the action "${callbackName}" needs the scope ${wanted.join(' or ')}, which this task does not have`,
    'an action runs through the hook of its own permission only',
  );
}

/** `https://github.com/owner/name.git` and `git@github.com:owner/name` → `repo:github.com/owner/name` */
function rolePrefix(url: string): string {
  const [, host, path] =
    /^(?:[a-z+]+:\/\/)?(?:[^@/]+@)?([^/:]+)(?::\d+)?[/:](.+?)(?:\.git)?\/*$/.exec(url) ?? [];
  if (host === undefined || path === undefined)
    return fail('configuration', `no role can be derived from the repository's address ${url || '(empty)'}`);
  return `repo:${host}/${path}`;
}
