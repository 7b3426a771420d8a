import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import type { CacheRecord } from '../../src/caches/record.ts';
import { hasOverlay, recordOf } from '../caches/store-rig.ts';
import { ociEngine } from '../../src/worker/engines/oci/oci.ts';
import { root, sandboxed } from '../support/caisson.ts';
import { WorkerRig } from './rig.ts';

const place = '/builds/worker/shared';
const nameAt = (level: number): string => `test-level-${level}-shared-v1-00000000000000000000`;
/** 1000:1000, 1:1 and 0:0, in every sandbox. */
type User = 'worker' | 'daemon' | 'root';

interface Options {
  readonly level?: number;
  readonly maxRunTime?: number;
  /** what the compiler would have said of the cache */
  readonly declared?: { readonly shareDown: boolean; readonly record: CacheRecord };
}

interface Ran {
  /** why it was cold, or the generation that it started from */
  readonly use: string;
  /** lines of the command alone */
  readonly printed: readonly string[];
  readonly log: string;
}

/** Runs one task in the cache as that user. */
async function run(rig: WorkerRig, user: User, script: string, options: Options = {}): Promise<Ran> {
  const { level = 1, maxRunTime = 60, declared } = options;
  const [uses, lines] = [rig.uses.length, rig.log.length];
  const command = `cd ${place}; echo begin; ${script}; echo end`;
  const payload = {
    cache: { [nameAt(level)]: place },
    env: { TASKCLUSTER_CACHES: place },
    command: ['/usr/local/bin/run-task', '--user', user, '--group', user, '--', 'sh', '-ec', command],
    maxRunTime,
  };
  const caches = { [nameAt(level)]: { shortName: 'shared', ...declared } };
  await rig.create(payload, declared ? { extra: { caisson: { caches } } } : {});
  await rig.work();
  const log = rig.log.slice(lines).map((line) => line.replace(/^\[\S+ \S+\] /, ''));
  const printed = log.slice(log.indexOf('begin') + 1, log.indexOf('end'));
  return { use: rig.uses[uses] ?? 'no cache', printed, log: log.join('\n') };
}

/** `uid:gid` of everything in committed layers that has one of these names. */
function ownersOnDisk(rig: WorkerRig, ...names: readonly string[]): string[] {
  const tests = names.flatMap((name) => ['-o', '-name', name]).slice(1);
  const where = [join(rig.home, 'caches'), '-path', '*/layers/*', '(', ...tests, ')'];
  const found = execFileSync('find', [...where, '!', '-type', 'c', '-printf', '%f %U:%G\n'], {
    encoding: 'utf8',
  });
  return found.trim().split('\n').sort();
}

/** What a command prints that is root of a user namespace with so many ids. */
async function asRootOf(ids: number, command: readonly string[]): Promise<string> {
  const script = 'echo; read go; exec setpriv --reuid 0 --regid 0 "$@"';
  const keep = ids === 1 ? '--keep-groups' : '--clear-groups';
  const child = spawn('unshare', ['--user', '--mount', 'sh', '-c', script, 'sh', keep, ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
  });
  let printed = '';
  for await (const chunk of child.stdout) {
    if (printed === '') {
      for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${child.pid}/${map}`, `0 0 ${ids}\n`);
      child.stdin.end('\n');
    }
    printed += String(chunk);
  }
  return printed;
}

const seen = `find . -mindepth 1 ! -name '.cache*' -printf '%p %m %U:%G\\n' | sort`;

describe.skipIf(!sandboxed || !hasOverlay)(
  'caches of another user (needs root, crun and overlayfs)',
  {
    timeout: 180_000,
  },
  () => {
    it('are warm for both; what either writes lies on disk as the first one’s', async () => {
      await using rig = await WorkerRig.open();
      await run(rig, 'worker', 'mkdir d old; echo base > d/f; touch old/x');
      const work = 'echo more >> d/f; mv d e; rm -r old; mkdir new; touch new/y; chmod 600 e/f';
      const daemon = await run(rig, 'daemon', `${work}; ${seen}; cat e/f`);
      expect(daemon.use).toBe('generation 1');
      expect(daemon.log).toContain('exists; requirements: gid=1 uid=1 version=1');
      const now = (owner: string) => [
        `./e 755 ${owner}`,
        `./e/f 600 ${owner}`,
        `./new 755 ${owner}`,
        `./new/y 644 ${owner}`,
      ];
      expect(daemon.printed).toEqual([...now('1:1'), 'base', 'more']);
      expect(ownersOnDisk(rig, 'f', 'e', 'new', 'y')).toEqual([
        'e 1000:1000',
        'f 1000:1000',
        'f 1000:1000',
        'new 1000:1000',
        'y 1000:1000',
      ]);

      const worker = await run(rig, 'worker', `${seen}; touch again`);
      expect(worker.use).toBe('generation 2');
      expect(worker.printed).toEqual(now('1000:1000'));

      // A chain of both, merged while nobody looks.
      expect(await rig.store.compact(1)).toEqual([expect.stringContaining('3 layers were merged')]);
      const last = await run(rig, 'daemon', seen);
      expect(last.use).toBe('generation 3');
      expect(last.printed).toEqual(['./again 644 1:1', ...now('1:1')]);
      expect(await rig.store.verify()).toEqual([]);
    });

    it('are warm the other way round, and as they were when such a task is rolled back', async () => {
      await using rig = await WorkerRig.open();
      await run(rig, 'daemon', 'mkdir d; echo base > d/f');
      const stopped = await run(rig, 'worker', 'echo torn >> d/f; mv d e; sleep 60', { maxRunTime: 4 });
      expect(stopped.use).toBe('generation 1');
      expect(stopped.log).toContain('rolled back');
      const next = await run(rig, 'worker', `${seen}; cat d/f; echo more >> d/f`);
      expect(next.use).toBe('generation 1');
      expect(next.printed).toEqual(['./d 755 1000:1000', './d/f 644 1000:1000', 'base']);
      const back = await run(rig, 'daemon', 'cat d/f');
      expect(back.use).toBe('generation 2');
      expect(back.printed).toEqual(['base', 'more']);
      expect(ownersOnDisk(rig, 'f')).toEqual(['f 1:1', 'f 1:1']);
    });

    it('of root are root’s alone: others start cold and have an instance of their own', async () => {
      await using rig = await WorkerRig.open();
      await run(rig, 'root', 'touch roots; cp /bin/true suid; chmod 4755 suid');
      const worker = await run(rig, 'worker', 'ls; touch workers');
      expect(worker.use).toBe(
        'its files belong to another user (root’s files and those without requirements are not mapped)',
      );
      expect(worker.printed).toEqual([]);
      expect((await run(rig, 'root', 'ls')).printed).toEqual(['roots', 'suid']);
      expect((await run(rig, 'worker', 'ls')).printed).toEqual(['workers']);
      const daemon = await run(rig, 'daemon', 'ls -n workers');
      expect(daemon.printed[0]).toMatch(/^-rw-r--r-- 1 1 1 /);
    });

    it('give a task nothing: not the layers, not the requirements, no other id, no file of root', async () => {
      await using rig = await WorkerRig.open();
      await run(rig, 'worker', 'echo base > f; cp /usr/bin/id suid; chmod 4755 suid');
      const tries = [
        'ls -A /.layers-0',
        'touch /.layers-0/x',
        'umount /.layers-0',
        'rm -f .cacherequires',
        'mv .cacherequires away',
        'echo uid=0 > .cacherequires',
        'chown 0 f',
        'chown 1000 f',
        'chown 2 f',
        'chgrp 0 f',
      ];
      const script = tries.map((one) => `{ ${one}; } 2>/dev/null && echo '${one}: done'`).join('; ');
      const hostile = await run(rig, 'daemon', `set +e; ${script}; ./suid -u; cp suid mine; chmod 4755 mine`);
      // An empty directory is listed.
      expect(hostile.printed).toEqual(['ls -A /.layers-0: done', '1']);
      expect(ownersOnDisk(rig, 'f', 'suid', 'mine')).toEqual([
        'f 1000:1000',
        'mine 1000:1000',
        'suid 1000:1000',
      ]);
      const after = await run(rig, 'worker', './mine -u; cat f');
      expect(after.printed).toEqual(['1000', 'base']);
      expect(ownersOnDisk(rig, '.cacherequires', '.cachelog')).toEqual([
        '.cachelog 0:0',
        '.cachelog 0:0',
        '.cacherequires 0:0',
      ]);
    });

    it('may be of a higher level, whose layers stay as they are', async () => {
      await using rig = await WorkerRig.open();
      const declared = { shareDown: true, record: recordOf('a') };
      await run(rig, 'worker', 'echo trusted > f', { level: 3, declared });
      const fork = await run(rig, 'daemon', 'cat f; stat -c %u:%g f; echo mine >> f', { declared });
      expect(fork.use).toBe('generation 1');
      expect(fork.printed).toEqual(['trusted', '1:1']);
      expect((await run(rig, 'worker', 'cat f', { level: 3, declared })).printed).toEqual(['trusted']);
      expect((await run(rig, 'worker', 'cat f; stat -c %u:%g f', { declared })).printed).toEqual([
        'trusted',
        'mine',
        '1000:1000',
      ]);
    });

    it('are tried with a write: it works here, and neither in a user namespace nor where nothing can be written', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'caisson-owners-'));
      try {
        expect(await ociEngine().mapsOwners?.(folder)).toEqual({ ok: true });
        expect(await ociEngine().mapsOwners?.(join(folder, 'none'))).toEqual({
          ok: false,
          error: 'it cannot be tried (ENOENT)',
        });
        const outfile = join(folder, 'trial.mjs');
        const contents = `import { ociEngine } from './oci.ts';
        console.log(JSON.stringify(await ociEngine().mapsOwners(${JSON.stringify(folder)})))`;
        const resolveDir = join(root, 'src/worker/engines/oci');
        const platform = { bundle: true, platform: 'node', format: 'esm', target: 'node20' } as const;
        await build({ stdin: { contents, resolveDir }, outfile, ...platform });
        for (const [ids, why] of [
          [1, 'the files of a container cannot be made here'],
          [65536, 'crun could not run the container'],
        ] as const) {
          const answer = await asRootOf(ids, [process.execPath, outfile]);
          expect(JSON.parse(answer)).toEqual({ ok: false, error: expect.stringContaining(why) });
        }
        expect(readdirSync(folder)).toEqual(['trial.mjs']);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

    it('on the direct back end another user starts cold, and reads why', async () => {
      await using rig = await WorkerRig.open({ backEnd: 'direct' });
      await run(rig, 'worker', 'touch f');
      const daemon = await run(rig, 'daemon', 'ls');
      expect(daemon.use).toBe('its files belong to another user (a plain directory is not mapped)');
      expect(daemon.printed).toEqual([]);
    });
  },
);
