import { closeSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FailureError } from '../../src/base/failure.ts';
import { createCgroup, removeCgroup } from '../../src/worker/engines/cgroup.ts';
import { cgroupParents } from '../../src/worker/engines/cgroup-parents.ts';
import type { Engine, Exit } from '../../src/worker/engines/engine.ts';
import { ociEngine } from '../../src/worker/engines/oci/oci.ts';
import { processEngine } from '../../src/worker/engines/process.ts';
import { defaultPath } from '../../src/worker/engines/request.ts';
import { executed, limitsMemory, processesWith, Rig, uniqueSleep } from '../worker/engines/rig.ts';

interface Candidate {
  readonly title: string;
  readonly make: () => Engine;
  /** where a mount called `name` is put */
  readonly target: (name: string) => string;
  /** variables that the engine adds, by design */
  readonly added: readonly string[];
}

const inContainer = { target: (name: string) => `/builds/worker/${name}`, added: ['HOME'] };
const candidates: Candidate[] = [
  { title: 'process', make: processEngine, target: (name) => name, added: ['CAISSON_SANDBOX'] },
  { title: 'oci (needs crun)', make: () => ociEngine({ runtime: 'crun' }), ...inContainer },
  { title: 'oci (needs runc)', make: () => ociEngine({ runtime: 'runc' }), ...inContainer },
];
const cgroup = createCgroup('probe');
const hasCgroups = cgroup !== null;
if (cgroup) await removeCgroup(cgroup);
const available = await Promise.all(candidates.map(async ({ make }) => (await make().available()).ok));

describe.each(candidates.map((candidate, i) => ({ ...candidate, there: available[i] })))(
  'engine $title',
  ({ title, make, target, added, there }) => {
    // Without a control group the process engine does not find what hides on purpose.
    const holdsAll = title !== 'process' || hasCgroups;

    describe.skipIf(!there)('keeps the contract', () => {
      const engine = make();
      let rig: Rig;
      beforeEach(() => {
        rig = new Rig(engine);
      });
      afterEach(() => rig[Symbol.dispose]());

      test('a command ends with its exit code', async () => {
        expect((await rig.shell('exit 0')).exit).toEqual({ kind: 'exited', code: 0 });
        expect((await rig.shell('exit 72')).exit).toEqual({ kind: 'exited', code: 72 });
      });

      test('a command that is not there ends with 127 and says so', async () => {
        const { exit, output } = await rig.run({ commands: [['no-such-program']] });
        expect(exit).toEqual({ kind: 'exited', code: 127 });
        expect(output).toContain('no-such-program');
      });

      test.skipIf(!limitsMemory)(
        'what takes too much memory is killed and counted (needs control groups)',
        async () => {
          const take = 'head -c 300M /dev/zero | tail > /dev/null; echo "exit $?"';
          await using sandbox = await rig.prepare({
            commands: [
              ['sh', '-c', take],
              ['sh', '-c', `${take}; exit 3`],
            ],
            memory: 100e6,
          });
          expect(sandbox.limitsMemory).toBe(true);
          const { exit, output } = await executed(sandbox);
          expect(exit).toEqual({ kind: 'exited', code: 3 });
          expect(output.match(/^exit \d+$/gm)).toEqual(['exit 137', 'exit 137']);
          expect(sandbox.memoryKills()).toBe(2);
        },
      );

      test('a command that dies of a signal is known by it', async () => {
        expect(statusOf((await rig.shell("sh -c 'kill -SEGV $$'; exit $?")).exit)).toBe(139);
        expect(statusOf((await rig.shell("sh -c 'kill -KILL $$'; exit $?")).exit)).toBe(137);
      });

      test('commands run one after another until one fails', async () => {
        const commands = ['echo one', 'echo two; exit 4', 'echo three'].map((script) => ['sh', '-c', script]);
        expect(await rig.run({ commands })).toEqual({
          exit: { kind: 'exited', code: 4 },
          output: 'one\ntwo\n',
        });
      });

      test('the environment is the given one, with a PATH', async () => {
        const env = { LINES: 'a\nb', 'odd-name': '1', EMPTY: '' };
        const { output } = await rig.run({ commands: [['env', '-0']], env });
        const got = output.split('\0').filter((line) => line !== '' && !added.includes(line.split('=')[0]!));
        expect(got.sort()).toEqual(['EMPTY=', 'LINES=a\nb', `PATH=${defaultPath}`, 'odd-name=1']);
      });

      test('stdout and stderr keep their order', async () => {
        const { output } = await rig.shell(
          'i=0; while [ $i -lt 300 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done',
        );
        const expected = Array.from({ length: 300 }, (_, i) => `o${i}\ne${i}\n`).join('');
        expect(output).toBe(expected);
      });

      test('/dev/stdout and /dev/stderr can be opened again', async () => {
        const { exit, output } = await rig.shell(
          'echo a >/dev/stdout; echo b >/dev/stderr; echo c >>/proc/self/fd/1',
        );
        expect({ exit, output }).toEqual({ exit: { kind: 'exited', code: 0 }, output: 'a\nb\nc\n' });
      });

      test('stdin is at its end', async () => {
        expect((await rig.shell('cat; echo done')).output).toBe('done\n');
      });

      test('nothing is read while output is not taken, and nothing is lost', async () => {
        await using sandbox = await rig.prepare({ commands: [['head', '-c', '3000000', '/dev/zero']] });
        let bytes = 0;
        let busy = false;
        const take = async (chunk: Uint8Array) => {
          expect(busy).toBe(false);
          busy = true;
          bytes += chunk.length;
          for (let i = 0; i < 5; i++) await turn();
          busy = false;
        };
        expect(await sandbox.execute(take, new AbortController().signal)).toEqual({
          kind: 'exited',
          code: 0,
        });
        expect(bytes).toBe(3_000_000);
      });

      test('an output that fails ends the task and is told', async () => {
        const seconds = uniqueSleep();
        await using sandbox = await rig.prepare({ commands: [['sh', '-c', `echo x; sleep ${seconds}`]] });
        const broken = () => Promise.reject(new Error('disk full'));
        await expect(sandbox.execute(broken, new AbortController().signal)).rejects.toThrow('disk full');
        expect(processesWith(seconds)).toEqual([]);
      });

      test('an abort ends every process, in sessions of their own and deaf to SIGTERM too', async () => {
        const [plain, detached, deaf] = [uniqueSleep(), uniqueSleep(), uniqueSleep()];
        const script = `
          sleep ${plain} & setsid sleep ${detached} &
          (env -i PATH="$PATH" setsid sh -c 'trap "" TERM; echo ready; while :; do sleep ${deaf}; done' &)
          wait; sleep ${plain}`;
        await using sandbox = await rig.prepare({ commands: [['sh', '-c', script]] });
        const controller = new AbortController();
        const exit = await sandbox.execute((chunk) => {
          if (Buffer.from(chunk).includes('ready')) controller.abort();
        }, controller.signal);
        expect(exit).toEqual({ kind: 'aborted' });
        expect([plain, detached, deaf].flatMap(processesWith)).toEqual([]);
      });

      test('an abort lets a command that handles SIGTERM clean up', async () => {
        const controller = new AbortController();
        await using sandbox = await rig.prepare({
          commands: [
            ['sh', '-c', 'trap "echo cleaned; exit 0" TERM; echo ready; while :; do sleep 0.01; done'],
          ],
        });
        let text = '';
        const exit = await sandbox.execute((chunk) => {
          text += Buffer.from(chunk).toString();
          if (text.includes('ready')) controller.abort();
        }, controller.signal);
        expect(exit).toEqual({ kind: 'aborted' });
        expect(text).toContain('cleaned');
      });

      test('an abort at any time is obeyed', async () => {
        for (const wait of [0, 1, 3, 10, 20]) {
          const seconds = uniqueSleep();
          const signal = AbortSignal.timeout(wait);
          expect((await rig.run({ commands: [['sleep', seconds]] }, signal)).exit).toEqual({
            kind: 'aborted',
          });
          expect(processesWith(seconds)).toEqual([]);
        }
        expect((await rig.shell('echo never', {})).output).toBe('never\n');
        const aborted = await rig.run({ commands: [['echo', 'never']] }, AbortSignal.abort());
        expect(aborted).toEqual({ exit: { kind: 'aborted' }, output: '' });
      });

      test('what a task leaves in the background ends with it', async () => {
        const seconds = uniqueSleep();
        // Not in its first instant: only then can the process engine promise it.
        const hide = `(env -i setsid /bin/sleep ${seconds} >/dev/null 2>&1 &)`;
        const script = `setsid sleep ${seconds} & echo ready; until [ -e go ]; do sleep 0.01; done; ${holdsAll ? hide : ''}
          exit 5`;
        await using sandbox = await rig.prepare({ commands: [['sh', '-c', script]] });
        const place = sandbox.hostPath('go')!;
        const go = () => writeFileSync(join(place.trusted, place.rest), '');
        expect(await sandbox.execute(go, new AbortController().signal)).toEqual({ kind: 'exited', code: 5 });
        expect(processesWith(seconds)).toEqual([]);
      });

      test('a mounted directory is the same inside and outside', async () => {
        const source = rig.directory('cache');
        writeFileSync(join(source, 'before'), 'from outside');
        const mounts = [{ source, target: target('deep/cache'), readOnly: false }];
        const { output } = await rig.shell('cat deep/cache/before; echo from inside > deep/cache/after', {
          mounts,
        });
        expect(output).toBe('from outside');
        expect(readFileSync(join(source, 'after'), 'utf8')).toBe('from inside\n');
      });

      test('a mounted file can be read', async () => {
        const source = join(rig.folder, 'file');
        writeFileSync(source, 'content');
        const mounts = [{ source, target: target('etc/settings'), readOnly: true }];
        expect((await rig.shell('cat etc/settings', { mounts })).output).toBe('content');
      });

      test('a relative cwd of the task directory, or an absolute one, is where it starts', async () => {
        const mounts = [{ source: rig.directory('work'), target: target('work'), readOnly: false }];
        const { output } = await rig.shell('pwd -P > here; ls', { mounts, cwd: target('work') });
        expect(output).toBe('here\n');
      });

      test('a path inside is found outside', async () => {
        const cache = rig.directory('cache');
        const mounts = [
          { source: cache, target: target('cache'), readOnly: false },
          { source: rig.directory('fixed'), target: target('fixed'), readOnly: true },
        ];
        await using sandbox = await rig.prepare({
          commands: [['sh', '-c', 'mkdir -p public && echo built > public/out && echo kept > cache/kept']],
          mounts,
        });
        await executed(sandbox);
        expect(contentAt(sandbox.hostPath('public/out'))).toBe('built\n');
        expect(sandbox.hostPath(target('cache/kept'))).toEqual({ trusted: cache, rest: 'kept' });
        expect(sandbox.hostPath(target('cache'))).toEqual({ trusted: cache, rest: '' });
        expect(sandbox.hostPath(target('fixed/file'))).toBeNull();
        expect(sandbox.hostPath('/usr/bin/env')).toBeNull();
        expect(sandbox.hostPath('../../../../../../../../etc/passwd')).toBeNull();
      });

      test('two at once do not meet', async () => {
        const both = await Promise.all([1, 2].map((n) => rig.shell(`echo ${n} > mine; sleep 0.1; cat mine`)));
        expect(both.map(({ output }) => output)).toEqual(['1\n', '2\n']);
      });

      test('nothing is left on the host', async () => {
        const before = traces(rig.folder);
        await rig.shell('echo hello');
        const mounts = [{ source: rig.directory('cache'), target: target('cache'), readOnly: false }];
        const controller = new AbortController();
        await using sandbox = await rig.prepare({
          commands: [['sh', '-c', 'echo ready; sleep 1000']],
          mounts,
        });
        await sandbox.execute(() => controller.abort(), controller.signal);
        await sandbox[Symbol.asyncDispose]();
        const after = traces(rig.folder);
        expect(after.mounts).toEqual(before.mounts);
        expect(after.groups).toEqual(before.groups);
        expect(after.files.filter((name) => !name.startsWith('scratch-') && name !== 'cache')).toEqual(
          before.files,
        );
      });

      test('what no machine can start is refused with a reason', async () => {
        await expect(rig.run({ env: { A: 'x\0y' } })).rejects.toThrow(FailureError);
        await expect(rig.run({ env: { 'A=B': 'x' } })).rejects.toThrow(FailureError);
        await expect(rig.run({ commands: [] })).rejects.toThrow(FailureError);
        await expect(rig.run({ commands: [[]] })).rejects.toThrow(FailureError);
      });
    });
  },
);

/** As a shell has it. */
function statusOf(exit: Exit): number | string {
  if (exit.kind === 'exited') return exit.code;
  if (exit.kind !== 'signalled') return exit.kind;
  return 128 + ({ SIGKILL: 9, SIGSEGV: 11 }[exit.signal] ?? 0);
}

function contentAt(place: { trusted: string; rest: string } | null): string {
  if (place === null) return 'no such place';
  const fd = openSync(join(place.trusted, place.rest), 'r');
  try {
    const bytes = Buffer.alloc(100);
    return bytes.toString('utf8', 0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}

function traces(folder: string): { mounts: string[]; groups: string[]; files: string[] } {
  const groups = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/pids', '/sys/fs/cgroup/memory'];
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return {
    // Other tests mount things in folders of their own.
    mounts: mounts.filter((line) => !line.includes(` ${tmpdir()}/`) || line.includes(folder)),
    groups: [...groups, ...cgroupParents()]
      .flatMap(entriesOf)
      .filter((name) => name.includes(`test-${process.pid}-`)),
    files: readdirSync(folder),
  };
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // this machine has no such hierarchy
  }
}
