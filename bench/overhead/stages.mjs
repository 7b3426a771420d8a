// Tells how long the parts of a run took, without a change in what is measured.
import { performance } from 'node:perf_hooks';

/** `watch(name, promise, before)` adds the time until the promise settles, and `before` ms, to that stage. */
export function stopwatch() {
  const stages = new Map();
  const add = (name, ms) => stages.set(name, (stages.get(name) ?? 0) + ms);
  async function watch(name, promise, before = 0) {
    const start = performance.now();
    try {
      return await promise;
    } finally {
      add(name, before + performance.now() - start);
    }
  }
  return Object.assign(watch, { add, stages: () => [...stages], reset: () => stages.clear() });
}

/** The same object, with some of its methods timed. */
export function watched(target, watch, methods) {
  return new Proxy(target, {
    get(object, key) {
      const value = object[key];
      if (typeof value !== 'function') return value;
      if (!methods.includes(key)) return value.bind(object);
      const name = typeof key === 'symbol' ? 'dispose' : key;
      return (...given) => {
        const start = performance.now();
        const result = value.apply(object, given);
        // What was done before the first await counts too.
        const before = performance.now() - start;
        return watch(name, result, before);
      };
    },
  });
}
