import { describe } from 'vitest';
import { creationCases } from './queue-creation-cases.ts';
import { dataCases } from './queue-data-cases.ts';
import { type QueueUnderTest, useQueue } from './queue-rig.ts';
import { runCases } from './queue-run-cases.ts';

/** What every queue has to do; each case gets an empty one from `open`. */
export function queueContract(title: string, open: () => Promise<QueueUnderTest>): void {
  describe(title, () => {
    const rig = useQueue(open);
    creationCases(rig);
    runCases(rig);
    dataCases(rig);
  });
}
