import { posix } from 'node:path';
import { compareCodePoints } from '../../../base/hash.ts';
import { didYouMean } from '../../../base/suggest.ts';
import { either, flag, keys, listOf, mapOf, text } from '../../load/shape.ts';
import { listAt, mappingAt } from '../../payloads/payload.ts';
import { isMapping, type Mapping } from '../../values/plain.ts';
import { DraftError, MissingTaskError } from '../draft-step.ts';
import type { Draft, TransformContext } from '../transform.ts';
import { artifactPrefix } from './artifact-prefix.ts';

/** `fetches: {<kind or dependency>: [<artifact>, {artifact, dest, extract, verify-hash}]}` */
export const fetchesShape = mapOf(
  listOf(
    either(
      (value) => typeof value === 'string',
      text,
      keys({ required: { artifact: text }, optional: { dest: text, extract: flag, 'verify-hash': flag } }),
    ),
  ),
);

/** Kinds whose tasks are named by what they fetch; of all others the name of a dependency is given. */
const byName = ['fetch', 'toolchain'];

interface Wanted {
  readonly artifact: string;
  readonly dest?: string;
  readonly extract?: boolean;
  readonly 'verify-hash'?: boolean;
}

/** What fetch and toolchain tasks offer, by label. */
interface Offer {
  readonly artifacts: Map<string, string>;
  readonly aliases: Map<string, string>;
  readonly environment: Map<string, Mapping>;
}

/** A step that turns `fetches` into MOZ_FETCHES, dependencies and scopes; it knows all drafts of the kind. */
export function fetchesFor(context: TransformContext, drafts: readonly Draft[]): (draft: Draft) => void {
  const offer = offers(context, drafts);
  const prefixes = new Map(drafts.map((draft) => [String(draft['label']), artifactPrefix(draft)]));
  return (draft) => {
    const fetches = (draft['fetches'] ?? {}) as Readonly<Record<string, readonly (string | Wanted)[]>>;
    delete draft['fetches'];
    if (Object.keys(fetches).length === 0) return;
    const worker = mappingAt(draft, 'worker');
    const env = mappingAt(worker, 'env');
    const list = Object.keys(fetches)
      .sort(compareCodePoints)
      .flatMap((kind) => {
        const wanted = fetches[kind]!.map((one) => (typeof one === 'string' ? { artifact: one } : one)).sort(
          (a, b) => compareCodePoints(a.artifact, b.artifact),
        );
        return byName.includes(kind)
          ? wanted.map((one) => fromOffer(offer, draft, env, kind, one))
          : fromDependency(context, prefixes, draft, kind, wanted);
      });
    requestScopes(draft, worker, list);
    env['MOZ_FETCHES'] = { 'task-reference': JSON.stringify(list) };
    env['MOZ_FETCHES_DIR'] ??= 'fetches';
  };
}

function offers({ kind, kindDependenciesTasks }: TransformContext, drafts: readonly Draft[]): Offer {
  const offer: Offer = { artifacts: new Map(), aliases: new Map(), environment: new Map() };
  for (const draft of byName.includes(kind) ? drafts : []) {
    const run = isMapping(draft['run']) ? draft['run'] : {};
    const label = String(draft['label']);
    if (typeof run['toolchain-artifact'] === 'string') offer.artifacts.set(label, run['toolchain-artifact']);
    addAliases(offer, kind, run[`${kind}-alias`], label);
  }
  for (const task of kindDependenciesTasks.values()) {
    if (!byName.includes(task.kind)) continue;
    const artifact = task.attributes[`${task.kind}-artifact`];
    const environment = task.attributes[`${task.kind}-env`];
    if (typeof artifact === 'string') offer.artifacts.set(task.label, artifact);
    if (isMapping(environment)) offer.environment.set(task.label, environment);
    addAliases(offer, task.kind, task.attributes[`${task.kind}-alias`], task.label);
  }
  return offer;
}

function addAliases(offer: Offer, kind: string, value: unknown, label: string): void {
  const aliases = Array.isArray(value) ? (value as string[]) : typeof value === 'string' ? [value] : [];
  for (const alias of aliases) offer.aliases.set(`${kind}-${alias}`, label);
}

function fromOffer(offer: Offer, draft: Draft, env: Mapping, kind: string, wanted: Wanted): Mapping {
  const named = `${kind}-${wanted.artifact}`;
  const label = offer.aliases.get(named) ?? named;
  const artifact = offer.artifacts.get(label);
  if (artifact === undefined) {
    const known = [...offer.artifacts.keys(), ...offer.aliases.keys()];
    throw missingTask(label, ['fetches', kind], () => didYouMean(named, known));
  }
  Object.assign(env, offer.environment.get(label));
  mappingAt(draft, 'dependencies')[label] = label;
  return fetchOf(artifact, `<${label}>`, wanted);
}

function fromDependency(
  { kindDependenciesTasks }: TransformContext,
  prefixes: ReadonlyMap<string, string>,
  draft: Draft,
  name: string,
  wanted: readonly Wanted[],
): Mapping[] {
  const dependencies = mappingAt(draft, 'dependencies');
  if (!Object.hasOwn(dependencies, name)) {
    const hint = didYouMean(name, Object.keys(dependencies));
    throw new DraftError(`the task has no dependency "${name}" to fetch from`, ['fetches', name], hint);
  }
  const label = String(dependencies[name]);
  const task = kindDependenciesTasks.get(label);
  const prefix = prefixes.get(label) ?? (task && artifactPrefix(task));
  if (prefix === undefined) {
    throw missingTask(label, ['dependencies', name], () => didYouMean(label, kindDependenciesTasks.keys()));
  }
  return wanted.map((one) => fetchOf(`${prefix}/${one.artifact}`, `<${name}>`, one));
}

function missingTask(label: string, path: string[], near: () => string | undefined): MissingTaskError {
  const message = `there is no task ${label} to fetch from`;
  return new MissingTaskError(message, path, () => near() ?? 'is its kind in kind-dependencies?');
}

/** Its keys in the order of MOZ_FETCHES, which is sorted. */
function fetchOf(artifact: string, task: string, { dest, extract, 'verify-hash': verify }: Wanted): Mapping {
  return {
    artifact,
    dest,
    extract: extract ?? true,
    task,
    'verify-hash': verify || undefined,
  };
}

/** Artifacts that are not public are read through the proxy, with a scope. */
function requestScopes(draft: Draft, worker: Mapping, list: readonly Mapping[]): void {
  const folders = list.map(({ artifact }) => String(artifact)).filter((path) => !path.startsWith('public/'));
  if (folders.length === 0) return;
  worker['taskcluster-proxy'] = true;
  const scopes = listAt(draft, 'scopes');
  for (const folder of [...new Set(folders.map((path) => posix.dirname(path)))].sort(compareCodePoints)) {
    const scope = `queue:get-artifact:${folder}/*`;
    if (!scopes.includes(scope)) scopes.push(scope);
  }
}
