import { slugid } from '../../src/base/slugid.ts';
import { openEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import { task, worker } from '../contract/queue-task.ts';

/**
 * A process that uses an embedded queue: `drain HOME WORKER` completes tasks until there are none; `churn HOME WORKER`
 * creates and completes tasks for ever. It prints what the queue has acknowledged, one word and one task id a line.
 */
const [, , mode, home, workerId] = process.argv;
const queue = await openEmbeddedQueue({ home: home! });
const say = (word: string, taskId: string): void => void process.stdout.write(`${word} ${taskId}\n`);
say('ready', workerId!);

let previous: string | undefined;
for (;;) {
  if (mode === 'churn') {
    const taskId = slugid();
    const dependencies = previous === undefined ? [] : [previous];
    await queue.createTask(taskId, task(Date.now(), { dependencies, routes: [`index.${taskId}`] }));
    say('created', taskId);
    previous = taskId;
  }
  const claims = await queue.claimWork('test/worker', { ...worker, workerId: workerId!, tasks: 2 });
  for (const { status, runId } of claims) {
    say('claimed', status.taskId);
    await queue.reportCompleted(status.taskId, runId);
    say('completed', status.taskId);
  }
  if (mode === 'drain' && claims.length === 0) break;
}
await queue.close();
