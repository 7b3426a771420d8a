import { keys, type Shape, text } from '../load/shape.ts';
import { beetmover } from './beetmover.ts';
import { dockerWorker } from './docker-worker.ts';
import { genericWorker } from './generic-worker.ts';
import type { PayloadBuilder } from './payload.ts';

const required = { implementation: text };
const free = keys({ required, unknown: 'allowed' });

/** Tasks that are never executed: they only stand for their dependencies, or for what must not happen. */
function dummy(makePayload: () => unknown, shape: Shape = free): PayloadBuilder {
  return {
    shape,
    known: ['implementation', 'os', 'env', 'max-run-time', 'taskcluster-proxy'],
    build(_context, _draft, definition) {
      definition.payload = makePayload();
    },
  };
}

export const payloadBuilders: ReadonlyMap<string, PayloadBuilder> = new Map([
  ['docker-worker', dockerWorker],
  ['generic-worker', genericWorker],
  ['beetmover', beetmover],
  ['invalid', dummy(() => 'invalid task - should never be created')],
  ['always-optimized', dummy(() => ({}))],
  ['succeed', dummy(() => ({}), keys({ required }))],
]);
