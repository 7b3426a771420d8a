import { type Claim, type Queue, QueueError } from '../queue/queue.ts';

/** Why a run is no longer ours. */
export type LostReason = 'canceled' | 'deadline-exceeded' | 'claim-expired';

/**
 * Renews a claim while a run lasts: a third of its time before it ends. Calls `lost` once when the queue has given the
 * run up; an outage of the queue is waited out until the claim ends.
 */
export function keepClaim(queue: Queue, claim: Claim, lost: (why: LostReason) => void): { stop(): void } {
  const { taskId } = claim.status;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const schedule = (takenUntil: string, checkEvery: number): void => {
    const left = Date.parse(takenUntil) - Date.now();
    timer = setTimeout(() => void renew(takenUntil), Math.max(0, Math.min(checkEvery, (left * 2) / 3)));
    timer.unref();
  };
  const renew = async (takenUntil: string): Promise<void> => {
    try {
      const renewed = await queue.reclaimTask(taskId, claim.runId);
      if (!stopped) schedule(renewed.takenUntil, 1000);
    } catch (error) {
      if (!(error instanceof QueueError)) throw error;
      if (stopped) return;
      const final = error.code !== 'unavailable' || Date.parse(takenUntil) <= Date.now();
      if (final) lost(await whyLost(queue, claim));
      else schedule(takenUntil, 1000);
    }
  };
  // Asking every second also notices soon that a task was cancelled.
  schedule(claim.takenUntil, 1000);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function whyLost(queue: Queue, { status: { taskId }, runId }: Claim): Promise<LostReason> {
  try {
    const reason = (await queue.status(taskId)).runs[runId]?.reasonResolved;
    return reason === 'canceled' || reason === 'deadline-exceeded' ? reason : 'claim-expired';
  } catch (error) {
    if (error instanceof QueueError) return 'claim-expired';
    throw error;
  }
}
