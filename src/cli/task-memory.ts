import { totalmem } from 'node:os';
import { amountOf } from './amount.ts';

const hint = 'a size such as 4GB, a part of the memory such as 50%, or 0 for no limit';

/**
 * Bytes that one task may use: `CAISSON_TASK_MEMORY`, else nine tenths of what this process may use, so that a task that
 * takes all of it is killed before the machine is out of memory. Null: no limit.
 */
export function taskMemory(asked = process.env['CAISSON_TASK_MEMORY']): number | null {
  const total = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const bytes = asked ? amountOf('CAISSON_TASK_MEMORY', asked, total, hint) : Math.floor(total * 0.9);
  return bytes === 0 ? null : bytes;
}
