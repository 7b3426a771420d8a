import { didYouMean } from '../../../base/suggest.ts';
import { isSet, mappingAt, type UnfinishedDefinition } from '../../payloads/payload.ts';
import { evaluateKeyedBy, resolveKeyedBy } from '../../values/keyed-by.ts';
import { isMapping, type Mapping } from '../../values/plain.ts';
import { formatPython } from '../../values/python-format.ts';
import { remembered } from '../../values/remembered.ts';
import { writtenAs } from '../../verify/payload/written-as.ts';
import { warnOfUnknownKeys } from '../draft-shape.ts';
import { DraftError, inField, stepThrough } from '../draft-step.ts';
import type { Draft, Transform, TransformContext } from '../transform.ts';
import { labelOf } from './label.ts';
import { addIndexRoutes } from './index-routes.ts';
import { sourceUrl } from './source-url.ts';
import { taskShape } from './task-shape.ts';
import { addTreeherder, pushLink } from './treeherder.ts';
import { implementationOf, workerTypeOf } from './worker-type.ts';

/** `task`: makes task definitions of task descriptions; the last transform of every kind. */
export const task: Transform = (context, drafts) =>
  stepThrough(context, drafts, (draft) => {
    draft['label'] = labelOf(context, draft);
    delete draft['name'];
    setDefaults(draft);
    if (!isRight(context, draft)) return [];
    addTreeherder(context, draft);
    addIndexRoutes(context, draft);
    return build(context, draft);
  });

function setImplementation(context: TransformContext, draft: Draft): void {
  const worker = mappingAt(draft, 'worker');
  if ('implementation' in worker) return;
  const { implementation, os } = implementationOf(context, draft['worker-type']);
  const tags = mappingAt(draft, 'tags');
  tags['worker-implementation'] = implementation;
  worker['implementation'] = implementation;
  if (os === null) return;
  tags['os'] = os;
  worker['os'] = os;
}

function setDefaults(draft: Draft): void {
  draft['always-target'] ??= false;
  draft['optimization'] ??= null;
  draft['needs-sccache'] ??= false;
  draft['worker'] ??= {};
}

/** Tells everything that is wrong with the description and its worker, whose defaults it sets. */
function isRight(context: TransformContext, draft: Draft): boolean {
  let right = true;
  const tell = (mistake: { message: string; path: readonly (string | number)[]; hint?: string }): void => {
    right = false;
    context.report({ severity: 'error', draft, ...mistake });
  };
  taskShape(draft, [], tell);
  // Without these nobody can say what the worker must look like.
  checkStrategy(context, draft, tell);
  const areMappings = isMapping(draft['worker']) && isMapping(draft['tags'] ?? {});
  if (!areMappings || (!right && typeof draft['worker-type'] !== 'string')) return false;
  setImplementation(context, draft);
  const worker = draft['worker'] as Mapping;
  const implementation = String(worker['implementation']);
  const { payloadBuilders } = context.registry;
  const builder = payloadBuilders.get(implementation);
  if (builder === undefined) {
    const hint = didYouMean(implementation, payloadBuilders.keys());
    tell({
      message: `there is no worker implementation "${implementation}"`,
      path: ['worker', 'implementation'],
      ...(hint === undefined ? {} : { hint }),
    });
    return false;
  }
  builder.setDefaults?.(worker);
  const told = new Set<string>();
  builder.shape(worker, ['worker'], (mistake) => {
    told.add(String(mistake.path[1]));
    tell(mistake);
  });
  warnOfUnknownKeys(
    context,
    draft,
    ['worker'],
    told.size === 0 ? builder.known : [...builder.known, ...told],
  );
  return right;
}

function checkStrategy(
  context: TransformContext,
  draft: Draft,
  tell: (mistake: { message: string; path: readonly string[]; hint?: string }) => void,
): void {
  if (!isMapping(draft['optimization'])) return;
  const { strategies } = context.registry;
  const [name, second] = Object.keys(draft['optimization']);
  if (second !== undefined) {
    const message = '"optimization" has several strategies';
    const hint = `only "${name}" counts`;
    context.report({ severity: 'warning', draft, message, hint, path: ['optimization', second] });
  }
  if (name === undefined || strategies.has(name)) return;
  const hint = didYouMean(name, strategies.keys());
  tell({
    message: `there is no optimization strategy "${name}"`,
    path: ['optimization', name],
    ...(hint === undefined ? {} : { hint }),
  });
}

function build(context: TransformContext, draft: Draft): Draft | readonly Draft[] {
  const { params, graphConfig, kind } = context;
  const label = String(draft['label']);
  const [provisionerId, workerType] = inField(['worker-type'], () =>
    workerTypeOf(context, String(draft['worker-type'])),
  );
  draft['worker-type'] = `${provisionerId}/${workerType}`;
  const links = linksOf(context);
  const description = String(draft['description']);
  const extra = draft['extra'] as Mapping;
  extra['parent'] = context.decisionTaskId ?? '';
  const definition = {
    provisionerId,
    workerType,
    routes: draft['routes'] ?? [],
    created: { 'relative-datestamp': '0 seconds' },
    deadline: { 'relative-datestamp': draft['deadline-after'] ?? defaultDeadline(context) },
    expires: { 'relative-datestamp': draft['expires-after'] ?? defaultExpiry(context) },
    scopes: scopesOf(context, draft),
    metadata: {
      description: isSet(extra['treeherder']) ? `${description}${links.push}` : description,
      name: label,
      owner: params.owner,
      source: links.source,
    },
    extra,
    tags: {
      ...(draft['tags'] as Mapping | undefined),
      createdForUser: params.owner,
      kind,
      label,
      project: params.project,
      'trust-domain': graphConfig['trust-domain'],
    },
    priority: draft['priority'] ?? settingOf(context, 'task-priority'),
    ...(isSet(draft['requires']) ? { requires: draft['requires'] } : {}),
  } satisfies UnfinishedDefinition & Mapping as UnfinishedDefinition;

  const implementation = String((draft['worker'] as Mapping)['implementation']);
  context.registry.payloadBuilders.get(implementation)!.build(context, draft, definition);
  if (implementation === 'docker-worker' || implementation === 'generic-worker') {
    mappingAt(definition.payload as Mapping, 'env')['MOZ_AUTOMATION'] = '1';
  }
  if (!isTakenByWorker(context, draft, definition.payload)) return [];
  if (params.repository_type === 'git') (definition['routes'] as string[]).push('checks');
  const dependencies = mappingAt(draft, 'dependencies');
  addChainOfTrust(definition, dependencies);
  return {
    label,
    description: draft['description'],
    task: definition,
    dependencies,
    'if-dependencies': ifDependencies(draft, dependencies),
    'soft-dependencies': draft['soft-dependencies'] ?? [],
    attributes: attributesOf(draft, label),
    optimization: draft['optimization'] ?? null,
  };
}

/** A payload that the worker would refuse is told here: on the worker nobody looks for the line in kind.yml. */
function isTakenByWorker(context: TransformContext, draft: Draft, payload: unknown): boolean {
  const worker = draft['worker'] as Mapping;
  const implementation = String(worker['implementation']);
  const shape = context.registry.payloadBuilders.get(implementation)?.payloadShape?.(worker);
  let right = true;
  shape?.(payload, ['payload'], ({ message, path, hint = `${implementation} would refuse the task` }) => {
    right = false;
    context.report({ severity: 'error', draft, message, path: writtenAs(path.slice(1), worker), hint });
  });
  return right;
}

/** What is the same for all tasks of a kind, and is looked up once. */
const linksOf = remembered((context: TransformContext) => ({
  source: sourceUrl(context.params, context.path),
  push: pushLink(context),
}));
const settingOf = remembered((context: TransformContext, key: string) =>
  evaluateKeyedBy((context.graphConfig as Mapping)[key], 'config.yml', keysOf(context)),
);

function scopesOf({ params }: TransformContext, draft: Draft): string[] {
  const scopes = (draft['scopes'] ?? []) as string[];
  if (scopes.length === 0) return [];
  const fields = { level: params.level, project: params.project };
  return scopes.map((scope, i) => inField(['scopes', i], () => formatPython(scope, fields)));
}

/** Only the project: `by-level` takes its default, as in the Python program. */
function keysOf({ params }: TransformContext): Mapping {
  return { project: params.project };
}

function defaultDeadline(context: TransformContext): unknown {
  return settingOf(context, 'task-deadline-after') ?? '1 day';
}

function defaultExpiry({ params, graphConfig }: TransformContext): unknown {
  return params.level === '1' ? (graphConfig['task-expires-after'] ?? '28 days') : '1 year';
}

function attributesOf(draft: Draft, label: string): Mapping {
  const attributes = mappingAt(draft, 'attributes');
  const field = 'run-on-projects';
  if (isMapping(draft[field])) {
    const platform = { 'build-platform': attributes['build_platform'] };
    inField([field], () => resolveKeyedBy(draft, field, label, platform));
  }
  if (field in draft && !Array.isArray(draft[field]))
    throw new DraftError(`"${field}" must be a list of projects`, [field]);
  attributes['run_on_projects'] = draft[field] ?? ['all'];
  attributes['run_on_tasks_for'] = draft['run-on-tasks-for'] ?? ['all'];
  if (isSet(draft['run-on-git-branches'])) attributes['run_on_git_branches'] = draft['run-on-git-branches'];
  attributes['always_target'] = draft['always-target'];
  attributes['shipping_phase'] = draft['shipping-phase'] ?? attributes['shipping_phase'] ?? null;
  return attributes;
}

/** Names of dependencies become labels. */
function ifDependencies(draft: Draft, dependencies: Mapping): unknown[] {
  return ((draft['if-dependencies'] ?? []) as string[]).map((name, i) => {
    if (Object.hasOwn(dependencies, name)) return dependencies[name];
    const hint = didYouMean(name, Object.keys(dependencies));
    throw new DraftError(`"${name}" in if-dependencies is no dependency`, ['if-dependencies', i], hint);
  });
}

function addChainOfTrust(definition: UnfinishedDefinition, dependencies: Mapping): void {
  const payload = definition.payload;
  const features =
    typeof payload === 'object' && payload !== null
      ? ((payload as Mapping)['features'] as Mapping | undefined)
      : undefined;
  if (!isSet(features?.['chainOfTrust']) || !('docker-image' in dependencies)) return;
  const inputs = mappingAt(mappingAt(definition.extra, 'chainOfTrust'), 'inputs');
  inputs['docker-image'] = { 'task-reference': '<docker-image>' };
}
