import { didYouMean } from '../../../base/suggest.ts';
import { isMapping, type Mapping } from '../../values/plain.ts';
import { pythonText } from '../../values/python-text.ts';
import { remembered } from '../../values/remembered.ts';
import { DraftError } from '../draft-step.ts';
import type { Draft, TransformContext } from '../transform.ts';

/** Where the index will find the task, and its rank there. */
export function addIndexRoutes(context: TransformContext, draft: Draft): void {
  const index = isMapping(draft['index']) ? draft['index'] : {};
  const extra = (draft['extra'] ??= {}) as Mapping;
  const { params, graphConfig } = context;
  const entry = (extra['index'] ??= {}) as Mapping;
  entry['rank'] = rankOf(index['rank'] ?? 'by-tier', extra, params.build_date);
  if (Object.keys(index).length === 0) return;
  const type = index['type'] ?? 'generic';
  if (type !== 'generic') {
    addRoutesOfType(context, draft, pythonText(type));
    return;
  }
  const products = isMapping(graphConfig['index']) ? graphConfig['index']['products'] : undefined;
  const product = index['product'];
  if (!Array.isArray(products) || !products.includes(product)) {
    const hint = 'name it in config.yml at index.products';
    throw new DraftError(`the index product "${String(product)}" is not known`, ['index', 'product'], hint);
  }
  if (typeof index['job-name'] !== 'string') {
    throw new DraftError('"index" needs the key "job-name"', ['index']);
  }
  const end = `${String(product)}.${index['job-name']}`;
  const routes = startsOf(context).map((start) => `${start}.${end}`);
  ((draft['routes'] ??= []) as string[]).push(...routes);
  delete draft['index'];
}

const startsOf = remembered(({ params, graphConfig }: TransformContext): readonly string[] => {
  const start = `index.${graphConfig['trust-domain']}.v2.${params.project}`;
  return [
    `${start}.latest`,
    `${start}.pushdate.${pushDate(params.build_date)}`,
    `${start}.pushlog-id.${params.pushlog_id}`,
    `${start}.revision.${params.head_rev}`,
  ];
});

function addRoutesOfType(context: TransformContext, draft: Draft, type: string): void {
  const { indexTypes } = context.registry;
  const add = indexTypes.get(type);
  if (add === undefined) {
    const hint = didYouMean(type, ['generic', ...indexTypes.keys()]);
    throw new DraftError(`unknown index type "${type}"`, ['index', 'type'], hint);
  }
  add(context, draft);
  delete draft['index'];
}

/** Tasks of tier 1 by age, so that the newest counts; all others below them. */
function rankOf(rank: unknown, extra: Mapping, buildDate: number): unknown {
  if (rank === 'build_date') return buildDate;
  if (rank !== 'by-tier') return rank;
  const treeherder = isMapping(extra['treeherder']) ? extra['treeherder'] : {};
  const tier = typeof treeherder['tier'] === 'number' ? treeherder['tier'] : 3;
  return tier > 1 ? 0 : buildDate;
}

/** `2023.11.14.20231114221320`, in UTC. */
function pushDate(seconds: number): string {
  const [date, time] = new Date(seconds * 1000).toISOString().slice(0, 19).split('T');
  return `${date!.replaceAll('-', '.')}.${date!.replaceAll('-', '')}${time!.replaceAll(':', '')}`;
}
