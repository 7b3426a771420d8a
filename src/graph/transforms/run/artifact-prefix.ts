import { isMapping, type Mapping } from '../../values/plain.ts';

/** Below which name a task publishes its artifacts: `public/build` unless its attribute `artifact_prefix` says otherwise. */
export function artifactPrefix(task: { readonly attributes?: unknown }): string {
  const attributes: Mapping = isMapping(task.attributes) ? task.attributes : {};
  const prefix = attributes['artifact_prefix'];
  return typeof prefix === 'string' ? prefix : 'public/build';
}
