import type { BackEnd } from '../../src/caches/store.ts';
import type { EngineChoice } from '../../src/worker/choose-engine.ts';
import { WorkerRig } from './rig.ts';

/**
 * A worker of its own, to be stopped or killed: `node worker-process.ts HOME GROUP ENGINE BACKEND CLAIM-SECONDS`. Prints the
 * tasks' logs.
 */
const [home, taskGroupId, engine, backEnd, claimSeconds] = process.argv.slice(2);
await using rig = await WorkerRig.open({
  home: home!,
  taskGroupId: taskGroupId!,
  backEnd: backEnd as BackEnd,
  claimSeconds: Number(claimSeconds),
  tell(event) {
    if (event.type === 'log') process.stdout.write(`${event.line}\n`);
  },
});
process.once('SIGTERM', () => rig.stopping.abort());
await rig.work(1, engine as EngineChoice);
