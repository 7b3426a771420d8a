import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FailureError } from '../../../src/base/failure.ts';
import { ociEngine } from '../../../src/worker/engines/oci/oci.ts';
import { executed, Rig } from './rig.ts';

const isRoot = process.getuid?.() === 0;
const there = (await ociEngine().available()).ok;
const engine = ociEngine();
let rig: Rig;
beforeEach(() => {
  rig = new Rig(engine);
});
afterEach(() => rig[Symbol.dispose]());

function file(name: string, text: string): string {
  const path = join(rig.folder, name);
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}

describe.skipIf(!there)('the root of a container (needs crun or runc)', () => {
  test("has the machine's tools, and cannot be changed", async () => {
    const { output } = await rig.shell(
      'git --version; touch /x /usr/x /etc/x /usr/local/bin/x 2>&1 | grep -c Read-only',
    );
    expect(output).toMatch(/^git version .*\n4\n$/);
  });

  test("has none of the machine's secrets, homes and sockets", async () => {
    const script =
      'cat /etc/shadow /etc/gshadow 2>/dev/null; ls -A /root /home /run /etc/ssl/private 2>/dev/null; ls /';
    const { output } = await rig.shell(script);
    const [root = ''] = output.split('bin\n');
    expect(root.replace(/^(\/\S+|\/\S+:|)$/gm, '').trim()).toBe('');
    expect(output).not.toMatch(/^(mnt|media|srv|boot|lost\+found|\.dockerenv)$/m);
  });

  test.skipIf(!isRoot)('shows of /etc what everybody may read (needs root)', async () => {
    const { output } = await rig.shell(
      'find /etc -type f ! -perm -o=r; find /etc -type f -size 0 -perm 444 | wc -l',
    );
    expect(output.trim()).toMatch(/^[0-9]+$/);
  });

  test('can hide a directory more', async () => {
    rig[Symbol.dispose]();
    rig = new Rig(ociEngine({ hidden: ['/usr/share'] }));
    expect((await rig.run({ commands: [['ls', '-A', '/usr/share']] })).output).toBe('');
  });

  test('has a worker, writable places, and a name', async () => {
    const script = `getent passwd worker 1000; getent group worker; hostname; stat -c '%U %a' /builds/worker /tmp /var/tmp
      for d in /builds /tmp /var/tmp /root /workspace /run /home /dev/shm; do touch $d/x || echo no $d; done; getent hosts caisson`;
    const { output } = await rig.shell(script);
    const worker = 'worker:x:1000:1000::/builds/worker:/bin/sh\n';
    expect(output).toContain(`${worker}${worker}worker:x:1000:\ncaisson\nworker 755\n`);
    expect(output).not.toContain('no /');
    expect(output).toMatch(/ 1777\n.* 1777\n[0-9a-f.:]+ +caisson/);
  });

  test('is its own: what one sandbox writes the next does not see', async () => {
    expect((await rig.shell('echo x > /tmp/left; echo y > /builds/worker/left')).output).toBe('');
    expect((await rig.shell('cat /tmp/left /builds/worker/left 2>/dev/null')).output).toBe('');
  });

  test('has only its own processes', async () => {
    expect((await rig.shell('echo /proc/[0-9]* | wc -w')).output.trim()).toMatch(/^[1-4]$/);
  });

  test('has no network but a loopback when it is to have none', async () => {
    const script = 'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "; tail -n +2 /proc/net/route | wc -l';
    expect((await rig.shell(script, { network: 'none' })).output).toBe('lo\n0\n');
  });
});

describe.skipIf(!there)('privileges in a container (needs crun or runc)', () => {
  test('do not reach beyond it', async () => {
    const script = `
      mount -t tmpfs none /tmp && echo mounted
      unshare --user true && echo user
      unshare --mount true && echo namespace
      mknod /tmp/disk b 8 0 && echo device
      echo 1 > /proc/sys/kernel/sysrq && echo sysrq
      true`;
    expect((await rig.shell(`{ ${script}\n} 2>/dev/null`)).output).toBe('');
  });

  test.skipIf(!isRoot)('are those of a docker container: other users, ownership (needs root)', async () => {
    const script =
      'touch a; chown 1000:1000 a; stat -c %U a; setpriv --reuid 1000 --clear-groups id -un; cat /dev/stdin; setpriv --reuid 1000 --clear-groups sh -c "echo x > /dev/stdout"';
    expect((await rig.shell(script)).output).toBe('worker\nworker\nx\n');
  });

  test.skipIf(!existsSync('/usr/bin/python3'))(
    'tracing is for those who asked for it (needs python3)',
    async () => {
      const trace = 'import ctypes; print(ctypes.CDLL(None, use_errno=True).ptrace(0, 0, 0, 0))'; // PTRACE_TRACEME
      const commands = [['python3', '-c', trace]];
      expect((await rig.run({ commands })).output).toBe('-1\n');
      expect((await rig.run({ commands, allowPtrace: true })).output).toBe('0\n');
    },
  );
});

describe.skipIf(!there)('mount targets (need crun or runc)', () => {
  test('below a read-only directory leave its other entries alone', async () => {
    const source = file('run-task.mjs', '#!/bin/sh\necho injected "$@"\n');
    const mounts = [{ source, target: '/usr/local/bin/run-task', readOnly: true }];
    const { output } = await rig.shell('run-task a b; ls /usr/local/bin; readlink /usr/local/bin/*', {
      mounts,
    });
    const expected = [...readdirSync('/usr/local/bin'), 'run-task'].sort();
    const lines = output.split('\n');
    expect(lines[0]).toBe('injected a b');
    expect(lines.slice(1, 1 + expected.length).sort()).toEqual(expected);
  });

  test('are made where nothing is, through the links of the machine', async () => {
    const source = file('tool', '#!/bin/sh\necho $0\n');
    const targets = [
      '/opt/made/for/tool',
      '/made/up/tool',
      '/etc/made/tool',
      '/bin/made-tool',
      '/lib/made/tool',
    ];
    const mounts = targets.map((target) => ({ source, target, readOnly: true }));
    expect((await rig.shell(targets.join('\n'), { mounts })).output).toBe(`${targets.join('\n')}\n`);
    expect(targets.filter(existsSync)).toEqual([]);
  });

  test('may lie in one another', async () => {
    const [outer, inner] = [rig.directory('outer'), rig.directory('inner')];
    const mounts = [
      { source: inner, target: '/builds/worker/a/b', readOnly: false },
      { source: outer, target: '/builds/worker/a', readOnly: false },
    ];
    await rig.shell('echo 1 > a/one; echo 2 > a/b/two', { mounts });
    expect([existsSync(join(outer, 'one')), existsSync(join(inner, 'two'))]).toEqual([true, true]);
  });

  test('do not follow a link that an earlier task left in a cache', async () => {
    const [cache, inner, victim] = [rig.directory('cache'), rig.directory('inner'), rig.directory('victim')];
    symlinkSync(victim, join(cache, 'link'));
    symlinkSync('../../../../../../../../etc', join(cache, 'up'));
    const mounts = [
      { source: cache, target: '/builds/worker/cache', readOnly: false },
      { source: inner, target: '/builds/worker/cache/link/deep', readOnly: false },
    ];
    await rig.shell('true', { mounts });
    expect(readdirSync(victim)).toEqual([]);
    const up = [mounts[0]!, { source: inner, target: '/builds/worker/cache/up/made', readOnly: false }];
    await rig.shell('true', { mounts: up });
    expect(existsSync('/etc/made')).toBe(false);
  });

  test('read-only ones cannot be written to', async () => {
    const source = rig.directory('fixed');
    const mounts = [{ source, target: '/builds/worker/fixed', readOnly: true }];
    expect((await rig.shell('touch fixed/x 2>/dev/null || echo no', { mounts })).output).toBe('no\n');
  });

  test.skipIf(!isRoot)('leave their surroundings to the worker (needs root)', async () => {
    const source = rig.directory('cache');
    chownSync(source, 1000, 1000);
    const mounts = [{ source, target: '/builds/worker/.cache/npm', readOnly: false }];
    expect((await rig.shell('stat -c %U .cache .cache/npm', { mounts })).output).toBe('worker\nworker\n');
  });

  test('that make no sense are refused with a reason', async () => {
    const source = rig.directory('source');
    const refuse = (target: string) => rig.run({ mounts: [{ source, target, readOnly: false }] });
    for (const target of [
      '/',
      '/proc',
      '/proc/self/x',
      '/dev/null',
      '/sys',
      'relative',
      '/usr/bin/env',
      '/etc/passwd',
    ]) {
      await expect(refuse(target), target).rejects.toThrow(FailureError);
    }
    const twice = ['/builds/worker/x', '/builds/worker/x/'].map((target) => ({
      source,
      target,
      readOnly: false,
    }));
    await expect(rig.run({ mounts: twice })).rejects.toThrow('something else is mounted there');
  });
});

describe.skipIf(!there)('paths of a container on the host (need crun or runc)', () => {
  test('are found by the innermost directory; what the task planted is left to the caller', async () => {
    const inner = rig.directory('inner');
    await using sandbox = await rig.prepare({
      commands: [['sh', '-c', 'mkdir -p public; ln -s /etc/hostname public/link; echo x > /tmp/out']],
      mounts: [{ source: inner, target: '/builds/worker/public/inner', readOnly: false }],
    });
    await executed(sandbox);
    expect(sandbox.hostPath('/builds/worker/public/inner/a/b')).toEqual({ trusted: inner, rest: 'a/b' });
    const place = sandbox.hostPath('/builds/worker/public/link')!;
    expect(place.rest).toBe('worker/public/link');
    expect(statSync(join(dirname(join(place.trusted, place.rest)))).isDirectory()).toBe(true);
    const temporary = sandbox.hostPath('/tmp/out')!;
    expect(readFileSync(join(temporary.trusted, temporary.rest), 'utf8')).toBe('x\n');
    for (const path of ['/usr/bin/env', '/etc/passwd', '/proc/self', '/nowhere', '/']) {
      expect(sandbox.hostPath(path), path).toBeNull();
    }
  });

  test('survive in scratch until the caller removes it', async () => {
    const request = { commands: [['sh', '-c', 'echo kept > /builds/worker/kept']] };
    const sandbox = await rig.prepare(request);
    await executed(sandbox);
    const place = sandbox.hostPath('kept')!;
    await sandbox[Symbol.asyncDispose]();
    expect(readFileSync(join(place.trusted, place.rest), 'utf8')).toBe('kept\n');
  });
});

describe('a machine without a container runtime', () => {
  test('says what to install', async () => {
    const path = process.env['PATH'];
    const bare = join(rig.folder, 'bare');
    mkdirSync(bare);
    process.env['PATH'] = bare;
    try {
      const found = await ociEngine({ runtime: 'no-such-runtime' as 'crun' }).available();
      expect(found).toMatchObject({
        ok: false,
        error: { kind: 'unavailable', hint: 'apt-get install crun' },
      });
    } finally {
      process.env['PATH'] = path;
    }
  });
});
