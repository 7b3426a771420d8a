import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Sandbox, isRoot, someone } from './wrapper.ts';

describe('the command', () => {
  const box = new Sandbox();
  afterAll(() => box.remove());
  const sh = (script: string, env: Record<string, string> = {}) => box.run(['--', 'sh', '-c', script], env);

  it.each([0, 1, 42, 255])('exit code %i is passed on', (code) => {
    expect(sh(`exit ${code}`).status).toBe(code);
  });

  it('death by signal n is 128+n; a missing command 127', () => {
    expect(sh('kill -KILL $$').status).toBe(137);
    const missing = box.run(['--', 'no-such-command']);
    expect(missing.status).toBe(127);
    expect(missing.output).toContain('no-such-command');
  });

  it('prefixes lines of both streams in order, with CR, CR LF, no final newline and any bytes', () => {
    const script = 'printf "a\\n\\nb\\r\\nc\\rd\\n"; printf "e\\n" >&2; printf "f\\377"';
    const { task, output } = sh(script);
    expect(task).toEqual(['a', '', 'b', 'c', 'd', 'e', 'f\xff']);
    expect(output).toMatch(/^\[task \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\] a$/m);
  });

  it('can write to /dev/stdout by name, and gets our input', () => {
    expect(sh('echo named > /dev/stdout; echo too > /dev/stderr').task).toEqual(['named', 'too']);
  });

  it('ends although a process in the background keeps the output open', { timeout: 40_000 }, () => {
    const { status, task } = sh('sleep 60 & echo $!; exit 4');
    expect(status).toBe(4);
    process.kill(Number(task[0]));
  });

  it('gets paths of the task absolute, and NODE_OPTIONS as it was', () => {
    const { task } = sh('echo $UPLOAD_DIR $OTHER $TASK_WORKDIR', { UPLOAD_DIR: 'up/./load', OTHER: './x' });
    expect(task).toEqual([`${box.path}/up/load ./x ${box.path}`]);
  });

  it('usage errors are 2 and run nothing', () => {
    const nowhere = ['--task-cwd=', '--', 'echo'];
    for (const args of [
      ['--nonsense', '--', 'echo'],
      ['echo', 'x'],
      ['--'],
      [],
      ['--user'],
      ['--chown'],
      nowhere,
    ]) {
      const { status, output, task } = box.run(args, {}, null);
      expect([status, task]).toEqual([2, []]);
      expect(output).toContain('usage: run-task');
    }
  });

  it.each(['-', '-5', '-.5', '-a b', 'a=b'])('%j may be the value of an option', (name) => {
    box.folder(name);
    expect(box.run(['--task-cwd', name, '--', 'pwd']).task).toEqual([join(box.path, name)]);
  });

  it('a signal reaches the command, and run-task reads on until its end', async () => {
    const who = isRoot ? [`--user=${someone.user}`, `--group=${someone.group}`] : [];
    const script = 'trap "echo got TERM; exit 3" TERM; echo ready; while :; do sleep 0.05; done';
    const child = spawn(process.execPath, [box.bundle, ...who, '--', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said = await until(child, /\] ready/, 'SIGTERM');
    expect(said.output).toContain('] got TERM');
    expect(said.code).toBe(3);
  });
});

function until(
  child: ChildProcess,
  pattern: RegExp,
  signal: NodeJS.Signals,
): Promise<{ output: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    let output = '';
    let sent = false;
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (!sent && pattern.test(output)) sent = child.kill(signal);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ output, code }));
  });
}
