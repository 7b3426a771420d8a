import { describe, expect, it } from 'vitest';
import { builtInActions } from '../../src/graph/actions/built-in.ts';
import type { ActionCall } from '../../src/graph/plugins/action.ts';
import { openEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import { caisson, report, sandboxed } from '../support/caisson.ts';
import { configYml, kindYml, TestRepository } from '../support/repository.ts';

describe.skipIf(!sandboxed)('purge-caches on one machine (needs root and crun)', () => {
  it("makes every cache of the task cold for the next run, and no other task's", {
    timeout: 60_000,
  }, async () => {
    const other = kindYml({ two: 'true' }).replaceAll('shared', 'other');
    using repository = new TestRepository({
      'taskcluster/config.yml': configYml,
      'taskcluster/kinds/work/kind.yml': kindYml({ one: 'true' }),
      'taskcluster/kinds/other/kind.yml': other,
    });
    const run = () => report(caisson(repository, ['run', '--json', '--jobs', '1', '--fresh'])).tasks;
    const ran = run();
    const queue = await openEmbeddedQueue({ home: repository.home });
    await builtInActions.get('purge-caches')!.callback({
      taskId: ran.find(({ label }) => label === 'work-one')!.taskId,
      services: {
        task: async (taskId: string) => ({ ...(await queue.task(taskId)) }),
        purgeCache: (taskQueueId: string, name: string) => queue.purgeCache(taskQueueId, name),
        tell: () => undefined,
      },
    } as unknown as ActionCall);
    await queue.close();
    const uses = new Map(run().map(({ label, caches }) => [label, caches]));
    expect(uses.get('work-one')).toMatchObject([{ state: 'cold', why: expect.stringContaining('purge') }]);
    expect(uses.get('other-two')).toMatchObject([{ state: 'warm' }]);
  });
});
