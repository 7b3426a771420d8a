import type { Shape } from '../load/shape.ts';
import type { Draft, TransformContext } from '../transforms/transform.ts';
import type { Mapping } from '../values/plain.ts';

/** A task definition while its payload is made: lists and mappings may be added to. */
export interface UnfinishedDefinition extends Mapping {
  scopes: unknown[];
  extra: Mapping;
  payload?: unknown;
}

/** Makes the payload of one worker implementation from a task's `worker`. */
export interface PayloadBuilder {
  /** of `worker`, after defaults */
  readonly shape: Shape;
  /** keys of `worker` that mean something; others are told as a warning */
  readonly known: readonly string[];
  /** sets `payload`, and adds to scopes, extra and the draft's dependencies; mistakes are thrown as DraftError */
  build(context: TransformContext, draft: Draft, definition: UnfinishedDefinition): void;
  /** puts what the author left out into `worker` */
  setDefaults?(worker: Mapping): void;
  /** what the worker itself takes as the payload of such a task, before references are resolved; default: anything */
  payloadShape?(worker: Mapping): Shape;
}

export function mappingAt(mapping: Mapping, key: string): Mapping {
  return (mapping[key] ??= {}) as Mapping;
}

export function listAt(mapping: Mapping, key: string): unknown[] {
  return (mapping[key] ??= []) as unknown[];
}

/** True where Python's `if value` is. */
export function isSet(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}
