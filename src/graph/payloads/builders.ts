import { keys, text } from '../load/shape.ts';
import { beetmover } from './beetmover.ts';
import { dockerWorker } from './docker-worker.ts';
import { genericWorker } from './generic-worker.ts';
import type { PayloadBuilder } from './payload.ts';

/** Tasks that are never executed: they only stand for their dependencies, or for what must not happen. */
function dummy(makePayload: () => unknown): PayloadBuilder {
  return {
    shape: keys({ required: { implementation: text }, unknown: 'allowed' }),
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
  ['succeed', dummy(() => ({}))],
]);
