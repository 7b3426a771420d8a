import { describe, expect, it } from 'vitest';
import { caisson, report, sandboxed } from '../support/caisson.ts';
import { TestRepository } from '../support/repository.ts';

const configYml = `---
trust-domain: test
task-priority: low
taskgraph: {repositories: {test: {name: test}}}
workers:
  aliases:
    gw: {provisioner: p, implementation: generic-worker, os: linux, worker-type: gw}
`;
const kindYml = `---
loader: taskgraph.loader.transform:loader
transforms: [taskgraph.transforms.run, taskgraph.transforms.task]
tasks:
  work:
    description: uses a checkout and a cache
    worker-type: gw
    worker:
      max-run-time: 60
      artifacts: [{type: file, name: public/out.txt, path: out.txt}]
    run:
      using: run-task
      cwd: '{checkout}'
      use-caches: [checkout, npm]
      command: >-
        test -f README.md && touch $npm_config_cache/filled &&
        id -un > $TASK_WORKDIR/out.txt && stat -c %U $npm_config_cache
`;

describe.skipIf(!sandboxed)('generic-worker tasks with run-task (needs root and crun)', () => {
  it('fetch run-task, own their directory, keep checkout and cache from run to run', {
    timeout: 60_000,
  }, () => {
    using repository = new TestRepository({
      'taskcluster/config.yml': configYml,
      'taskcluster/kinds/gw/kind.yml': kindYml,
      'README.md': 'read me\n',
    });
    const cold = caisson(repository, ['run', '--json']);
    expect(cold.stderr).toMatch(/\] worker$/m);
    const [first] = report(cold).tasks;
    expect(first).toMatchObject({ label: 'gw-work', state: 'completed', exitCode: 0 });
    expect(first!.caches.map(({ mountPoint, state }) => [mountPoint, state])).toEqual([
      ['checkouts', 'cold'],
      ['.task-cache/npm', 'cold'],
    ]);
    const [second] = report(caisson(repository, ['run', '--json', '--fresh'])).tasks;
    expect(second!.caches.map(({ state }) => state)).toEqual(['warm', 'warm']);
  });
});
