import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendAudit, auditLogName, readAudit } from '../../src/caches/audit-log.ts';
import { readRequirements, requirementsName, writeRequirements } from '../../src/caches/requirements-file.ts';
import {
  compareRequirements,
  formatRequirements,
  parseRequirements,
  requirementsFor,
} from '../../src/caches/requirements.ts';

const asRoot = process.getuid?.() === 0;
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'caisson-cache-'));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

describe('requirements', () => {
  const lines = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}=[a-z0-9]{1,8}$/), {
    minLength: 1,
    maxLength: 6,
  });

  it('S5: a version is part of them, so that a new one renews every cache', () => {
    expect(requirementsFor({ uid: 1000, gid: 1000 })).toEqual(['gid=1000', 'uid=1000', 'version=1']);
    const older = ['gid=1000', 'uid=1000', 'version=0'];
    expect(compareRequirements(requirementsFor({ uid: 1000, gid: 1000 }), older).same).toBe(false);
  });

  it('survive being written and read, in any order, with blank lines and either line end', () => {
    fc.assert(
      fc.property(lines, fc.constantFrom('\n', '\r\n'), (requirements, end) => {
        const text = [...requirements].reverse().join(`${end}${end}`) + end;
        expect(parseRequirements(text)).toEqual({ ok: true, value: [...requirements].sort() });
        expect(parseRequirements(formatRequirements(requirements))).toEqual({
          ok: true,
          value: [...requirements].sort(),
        });
      }),
    );
  });

  it('S3: are compared for equality both ways', () => {
    fc.assert(
      fc.property(lines, lines, (a, b) => {
        const there = compareRequirements(a, b);
        const back = compareRequirements(b, a);
        expect(there.same).toBe(back.same);
        expect(there.missing).toEqual(back.extra);
        expect(there.same).toBe([...a].sort().join() === [...b].sort().join());
      }),
    );
  });

  it('never fit when the file is empty or torn', () => {
    const wanted = requirementsFor({ uid: 1000, gid: 1000 });
    const whole = formatRequirements(wanted);
    const fitting = Array.from({ length: whole.length }, (_, length) => whole.slice(0, length)).filter(
      (text) => {
        const parsed = parseRequirements(text);
        return parsed.ok && compareRequirements(wanted, parsed.value).same;
      },
    );
    // Only the last line end may be missing: then every line is there.
    expect(fitting.map((text) => text.length).filter((length) => length < whole.length - 1)).toEqual([]);
    expect(parseRequirements('').ok).toBe(false);
    expect(parseRequirements('gid=1\nrubbish\n').ok).toBe(false);
  });
});

describe('the requirements file', () => {
  it('S2: an empty cache gets a sorted, read-only requirements file', () => {
    writeRequirements(cache, requirementsFor({ uid: 7, gid: 8 }), false);
    expect(readFileSync(join(cache, requirementsName), 'utf8')).toBe('gid=8\nuid=7\nversion=1\n');
    expect(statSync(join(cache, requirementsName)).mode & 0o7777).toBe(0o444);
    expect(readdirSync(cache)).toEqual([requirementsName]);
    expect(readRequirements(cache)).toEqual({
      state: 'found',
      requirements: ['gid=8', 'uid=7', 'version=1'],
    });
  });

  it('is absent in an empty cache, and unusable when it is no regular file of a trusted owner', () => {
    expect(readRequirements(cache)).toEqual({ state: 'absent' });
    const path = join(cache, requirementsName);
    const attempts: [string, () => void][] = [
      ['link', () => symlinkSync('/etc/hostname', path)],
      ['directory', () => mkdirSync(path)],
      ['fifo', () => execFileSync('mkfifo', [path])],
      ['empty', () => writeFileSync(path, '')],
      ['large', () => writeFileSync(path, 'a=b\n'.repeat(100_000))],
    ];
    for (const [name, make] of attempts) {
      make();
      expect(readRequirements(cache).state, name).toBe('unusable');
      rmSync(path, { recursive: true });
    }
  });

  it.skipIf(!asRoot)('is unusable when a task wrote it (needs root)', () => {
    const path = join(cache, requirementsName);
    writeFileSync(path, 'gid=8\nuid=7\nversion=1\n');
    chownSync(path, 12345, 12345);
    expect(readRequirements(cache)).toMatchObject({ state: 'unusable' });
  });
});

describe('the audit log', () => {
  it('adds a line an event and keeps the newest when it grows', () => {
    for (let i = 0; i < 3000; i++)
      expect(appendAudit(cache, 'task', `event ${i} ${'x'.repeat(40)}`).ok).toBe(true);
    expect(statSync(join(cache, auditLogName)).size).toBeLessThan(70 * 1024);
    expect(readAudit(cache, 1)[0]).toMatch(/^\[\S+Z task\] event 2999 x+$/);
  });

  it('is replaced when it is a link, never followed, and takes nothing that moves a cursor', () => {
    appendAudit(cache, 'task', 'a\u001b[2Jb\nc');
    expect(readAudit(cache)[0]).toMatch(/\] a \[2Jb c$/);
    rmSync(join(cache, auditLogName));
    const victim = join(cache, 'victim');
    writeFileSync(victim, 'untouched');
    symlinkSync(victim, join(cache, auditLogName));
    expect(readAudit(cache)).toEqual([]);
    expect(appendAudit(cache, 'task', 'x').ok).toBe(true);
    expect(readAudit(cache)).toHaveLength(1);
    expect(readFileSync(victim, 'utf8')).toBe('untouched');
  });

  it('cannot be written by others', () => {
    appendAudit(cache, 'task', 'x');
    chmodSync(join(cache, auditLogName), 0o666);
    appendAudit(cache, 'task', 'y');
    expect(statSync(join(cache, auditLogName)).mode & 0o022).toBe(0);
  });
});
