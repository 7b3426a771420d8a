import { isMapping, type Mapping } from '../../values/plain.ts';
import { remembered } from '../../values/remembered.ts';
import { DraftError } from '../draft-step.ts';
import type { Draft, TransformContext } from '../transform.ts';

/** Puts a task on Treeherder: `extra.treeherder` and the route that Treeherder listens to. */
export function addTreeherder(context: TransformContext, draft: Draft): void {
  const wanted = draft['treeherder'];
  const extra = (draft['extra'] ??= {}) as Mapping;
  const routes = (draft['routes'] ??= []) as string[];
  if (wanted !== true && (!isMapping(wanted) || Object.keys(wanted).length === 0)) return;
  const defaults = defaultsOf(context);
  const given: Mapping = isMapping(wanted) ? wanted : {};
  const { platform = defaults.platform, symbol: shown = defaults.symbol } = given;
  const [machine, collection] = splitOnce(String(platform), '/');
  const [group, symbol] = splitSymbol(String(shown));
  if (collection === undefined) {
    throw new DraftError('the treeherder platform has to be "platform/collection"', [
      'treeherder',
      'platform',
    ]);
  }
  extra['treeherder-platform'] ??= platform;
  const treeherder = (extra['treeherder'] ??= {}) as Mapping;
  treeherder['machine'] = { platform: machine };
  treeherder['collection'] = { [collection]: true };
  if (group !== '?') {
    treeherder['groupSymbol'] = group;
    treeherder['groupName'] = groupName(context, group);
  }
  if (symbol.length > 25 || group.length > 25) {
    throw new DraftError('a treeherder symbol has at most 25 characters', ['treeherder', 'symbol']);
  }
  treeherder['symbol'] = symbol;
  treeherder['jobKind'] = given['kind'] ?? defaults.kind;
  treeherder['tier'] = given['tier'] ?? defaults.tier;
  routes.push(routeOf(context));
}

const routeOf = remembered((context: TransformContext) => {
  const { head_rev: revision, pushlog_id: push } = context.params;
  return `tc-treeherder.v2.${project(context)}.${revision}.${push}`;
});

/** Pull requests are shown under the repository that they want to change. */
function project({ params }: TransformContext): string {
  if (!params.tasks_for.startsWith('github-pull-request')) return params.project;
  return `${params.base_repository
    .split('/')
    .at(-1)!
    .replace(/\.git$/, '')}-pr`;
}

/** What is appended to the description, so that people find the push. */
export function pushLink({ params }: TransformContext): string {
  const suffix = params.tasks_for.startsWith('github-pull-request') ? '-pr' : '';
  const repository = `${params.project}${suffix}`;
  return ` ([Treeherder push](https://treeherder.mozilla.org/#/jobs?repo=${repository}&revision=${params.head_rev}))`;
}

const defaultsOf = remembered(({ kind }: TransformContext) => {
  const jobKind = kind.includes('build') ? 'build' : kind.includes('test') ? 'test' : 'other';
  const symbol = kind
    .split('-')
    .map((part) => part.charAt(0))
    .join('')
    .toUpperCase();
  return { platform: 'default/opt', tier: 1, kind: jobKind, symbol };
});

function groupName({ graphConfig }: TransformContext, group: string): unknown {
  const treeherder = graphConfig['treeherder'];
  const names =
    isMapping(treeherder) && isMapping(treeherder['group-names']) ? treeherder['group-names'] : {};
  if (Object.hasOwn(names, group)) return names[group];
  const hint = 'name it in config.yml at treeherder.group-names';
  throw new DraftError(`the treeherder group "${group}" has no name`, ['treeherder', 'symbol'], hint);
}

/** `group(symbol)` or `symbol`; the group is `?` when there is none. */
function splitSymbol(text: string): readonly [string, string] {
  if (!text.includes('(')) return ['?', text];
  const match = /^([^(]*)\(([^)]*)\)$/.exec(text);
  if (match === null)
    throw new DraftError(
      `"${text}" is no treeherder symbol`,
      ['treeherder', 'symbol'],
      'it is written Symbol or Group(Symbol)',
    );
  return [match[1]!, match[2]!];
}

function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
