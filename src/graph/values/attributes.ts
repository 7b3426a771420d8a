import { own } from './plain.ts';
import { pythonMatch } from './python-regex.ts';
import { sameValue } from './same-value.ts';

/**
 * True when every condition holds: a list holds the attribute's value, anything else equals it.
 * An attribute that is not there never matches.
 */
export function attributesMatch(
  attributes: Readonly<Record<string, unknown>>,
  conditions: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(conditions).every(([name, wanted]) => {
    if (!Object.hasOwn(attributes, name)) return false;
    const value = own(attributes, name);
    return Array.isArray(wanted) ? wanted.some((one) => sameValue(one, value)) : sameValue(wanted, value);
  });
}

/** `run-on-projects: [all]` or a list that names the project. */
export function matchRunOnProjects(project: string, runOn: readonly unknown[]): boolean {
  return runOn.includes('all') || runOn.includes(project);
}

/** `run-on-tasks-for: [all]` or a list that names what the tasks are for. */
export const matchRunOnTasksFor: (tasksFor: string, runOn: readonly unknown[]) => boolean =
  matchRunOnProjects;

/**
 * `run-on-git-branches: [all]` or regular expressions that match at the branch name's start. They are not anchored at
 * its end: `main` selects `maintenance` too. Throws PythonRegexError for what is no regular expression.
 */
export function matchRunOnGitBranches(branch: string, runOn: readonly string[]): boolean {
  return runOn.includes('all') || runOn.some((pattern) => pythonMatch(pattern, branch) !== null);
}
