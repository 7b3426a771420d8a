import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ociEngine } from '../../../src/worker/engines/oci/oci.ts';
import { processEngine } from '../../../src/worker/engines/process.ts';
import { reapSandbox } from '../../../src/worker/engines/reap.ts';
import { buildOutside, type Order, startOutside } from './outside.ts';
import { processesWith, Rig, uniqueSleep } from './rig.ts';

const [crun, runc] = await Promise.all(
  (['crun', 'runc'] as const).map(async (runtime) => (await ociEngine({ runtime }).available()).ok),
);
const isRoot = process.getuid?.() === 0;
const engines: { engine: Order['engine']; there: boolean }[] = [
  { engine: 'process', there: true },
  { engine: 'crun', there: crun === true },
  { engine: 'runc', there: runc === true },
];

let rig: Rig;
let program: string;
beforeEach(async () => {
  rig = new Rig(processEngine());
  chmodSync(rig.folder, 0o755);
  program = await buildOutside(rig.folder);
});
afterEach(() => rig[Symbol.dispose]());

function order(engine: Order['engine'], script: string, id = `outside-${process.pid}-${engine}`): Order {
  const scratch = rig.directory(id);
  const request = {
    id,
    scratch,
    commands: [['sh', '-c', script]],
    env: {},
    mounts: [],
    network: 'host',
  } as const;
  return { engine, request };
}

describe.each(engines)(
  'a worker that was killed, engine $engine (crun and runc need to be there)',
  ({ engine, there }) => {
    test.skipIf(!there)('leaves nothing that cannot be ended', async () => {
      const seconds = uniqueSleep();
      const given = order(engine, `setsid sleep ${seconds} & sleep ${seconds}`);
      const worker = startOutside(program, given);
      await vi.waitFor(() => expect(processesWith(seconds).length).toBeGreaterThanOrEqual(2), {
        timeout: 10_000,
      });
      worker.kill('SIGKILL');
      await once(worker, 'exit');
      expect(await reapSandbox(given.request.scratch)).toBe(true);
      expect(processesWith(seconds)).toEqual([]);
      expect(await reapSandbox(given.request.scratch)).toBe(true);
    });

    test.skipIf(!there)('at any instant', async () => {
      for (let wait = 0; wait < 200; wait += 20) {
        const seconds = uniqueSleep();
        const given = order(engine, `sleep ${seconds}`, `outside-${process.pid}-${engine}-${wait}`);
        const worker = startOutside(program, given);
        const record = join(given.request.scratch, 'sandbox.json');
        await vi.waitFor(() => expect(existsSync(record)).toBe(true), { timeout: 10_000, interval: 1 });
        await new Promise((resolve) => setTimeout(resolve, wait / 4));
        worker.kill('SIGKILL');
        await once(worker, 'exit');
        expect(await reapSandbox(given.request.scratch)).toBe(true);
        expect(processesWith(seconds)).toEqual([]);
      }
    });
  },
);

describe.skipIf(!crun || !existsSync('/usr/bin/setpriv'))('a container (needs crun and setpriv)', () => {
  test('dies with its worker', async () => {
    const seconds = uniqueSleep();
    const given = order('crun', `setsid sleep ${seconds} & sleep ${seconds}`);
    const worker = startOutside(program, given);
    await vi.waitFor(() => expect(processesWith(seconds).length).toBeGreaterThanOrEqual(2), {
      timeout: 10_000,
    });
    worker.kill('SIGKILL');
    await vi.waitFor(() => expect(processesWith(seconds)).toEqual([]), { timeout: 10_000 });
    expect(await reapSandbox(given.request.scratch)).toBe(true);
  });
});

describe('a scratch directory', () => {
  test('without a sandbox, or with a record that is none, is left alone', async () => {
    const scratch = rig.directory('empty');
    expect(await reapSandbox(scratch)).toBe(true);
    expect(await reapSandbox(join(scratch, 'missing'))).toBe(true);
    for (const text of ['', 'null', '[]', '{"id":7}', '{"id":"../x"}', '{"id":"x","cgroup":7}']) {
      writeFileSync(join(scratch, 'sandbox.json'), text);
      expect(await reapSandbox(scratch), text).toBe(true);
    }
  });

  test('cannot name a control group or a process that is not the sandbox’s', async () => {
    const scratch = rig.directory('forged');
    writeFileSync(join(scratch, 'sandbox.json'), JSON.stringify({ id: 'forged', cgroup: '/sys/fs/cgroup' }));
    mkdirSync(join(scratch, 'state/forged'), { recursive: true });
    const status = { pid: process.pid, 'process-start-time': 1 };
    writeFileSync(join(scratch, 'state/forged/status'), JSON.stringify(status));
    symlinkSync('/proc', join(scratch, 'state/link'));
    expect(await reapSandbox(scratch)).toBe(true);
  });
});

describe.skipIf(!isRoot)('a worker that is not root (needs root, to become one)', () => {
  async function outputOf(engine: Order['engine'], script: string): Promise<string> {
    const given = order(engine, script);
    chownSync(given.request.scratch, 65534, 65534);
    const worker = startOutside(program, given, { uid: 65534, gid: 65534 });
    let output = '';
    worker.stdout?.on('data', (chunk) => (output += String(chunk)));
    await once(worker, 'close');
    return output;
  }

  test.each(engines)('runs tasks as well, engine $engine', async ({ engine, there }) => {
    if (!there) return;
    const user = { process: 65534, crun: 1000, runc: 0 }[engine];
    const output = await outputOf(engine, 'id -u; touch here; echo done > /dev/stderr; exit 3');
    expect(output).toBe(`${user}\ndone\n{"kind":"exited","code":3}`);
  });

  test.skipIf(!crun)('shows no secrets (needs crun)', async () => {
    const output = await outputOf(
      'crun',
      'cat /etc/shadow; ls -A /root; touch /usr/x 2>/dev/null || echo no',
    );
    expect(output).toBe('no\n{"kind":"exited","code":0}');
  });
});

test('the record of a sandbox is written before anything is started', async () => {
  const sandbox = await rig.prepare({});
  const scratch = join(rig.folder, `scratch-test-${process.pid}-0`);
  expect(JSON.parse(readFileSync(join(scratch, 'sandbox.json'), 'utf8'))).toMatchObject({
    id: `test-${process.pid}-0`,
  });
  await sandbox[Symbol.asyncDispose]();
});
