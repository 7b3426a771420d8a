import type { Environment } from './environment.ts';
import { tell } from './log.ts';

export interface Timings {
  /** runs a step and keeps how long it took, under each of the names; a step that throws counts as `…_errored` */
  record<T>(names: readonly string[], step: () => Promise<T>): Promise<T>;
  /** prints PERFHERDER_DATA where the instance type is known */
  report(): void;
}

export function createTimings(framework: string, environment: Environment): Timings {
  const instance = environment['TASKCLUSTER_INSTANCE_TYPE'];
  const taken: { name: string; seconds: number }[] = [];
  return {
    async record(names, step) {
      const start = performance.now();
      let suffix = '_errored';
      try {
        const result = await step();
        suffix = '';
        return result;
      } finally {
        const seconds = (performance.now() - start) / 1000;
        for (const name of names) taken.push({ name: `${name}${suffix}`, seconds });
      }
    },
    report() {
      if (instance === undefined || instance === '' || taken.length === 0) return;
      const suites = taken.map(({ name, seconds }) => ({
        extraOptions: [instance],
        lowerIsBetter: true,
        name,
        shouldAlert: false,
        subtests: [],
        value: seconds,
      }));
      tell(`PERFHERDER_DATA: ${JSON.stringify({ framework: { name: framework }, suites })}`);
    },
  };
}
