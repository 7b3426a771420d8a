import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { translate } from '../../../src/worker/engines/areas.ts';
import { mergeAccounts } from '../../../src/worker/engines/oci/accounts.ts';
import { findHidden } from '../../../src/worker/engines/oci/hidden.ts';
import { bindDirectory, inMountOrder, overlay } from '../../../src/worker/engines/oci/mount.ts';
import { seccompProfile } from '../../../src/worker/engines/oci/seccomp.ts';
import { processStat } from '../../../src/worker/engines/proc.ts';
import { isSandboxId } from '../../../src/worker/engines/request.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caisson-parts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const name = fc.stringMatching(/^[a-z]{1,3}$/);
const path = fc
  .array(fc.oneof(name, fc.constantFrom('..', '.', '')), { maxLength: 6 })
  .map((names) => `/${names.join('/')}`);

describe('translate', () => {
  const areas = [
    { inside: '/builds', host: '/s/builds' },
    { inside: '/builds/worker/cache', host: '/c/1' },
    { inside: '/builds/worker/cache/fixed', host: null },
  ];

  test('takes the innermost area', () => {
    expect(translate(areas, '/builds/worker/cachefile')).toEqual({
      trusted: '/s/builds',
      rest: 'worker/cachefile',
    });
    expect(translate(areas, '/builds/worker/cache/../x')).toEqual({ trusted: '/s/builds', rest: 'worker/x' });
    expect(translate(areas, '/builds/worker/cache/')).toEqual({ trusted: '/c/1', rest: '' });
    expect(translate(areas, '/builds/worker/cache/fixed/x')).toBeNull();
    expect(translate(areas, '/builds/../etc/passwd')).toBeNull();
    expect(translate(areas, 'builds/x')).toBeNull();
    expect(translate(areas, '/builds/a\0b')).toBeNull();
  });

  test('never leaves an area', () => {
    fc.assert(
      fc.property(path, (inside) => {
        const place = translate([{ inside: '/', host: '/host' }, ...areas], inside);
        return place === null || !place.rest.split('/').includes('..');
      }),
    );
  });
});

describe('mergeAccounts', () => {
  test('puts the entry in the place of all with its name or number', () => {
    const text = 'root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\nworker:x:7:7:::\n';
    expect(mergeAccounts(text, 'worker', 1000, 'worker:x:1000:1000:::')).toBe(
      'root:x:0:0::/root:/bin/sh\nworker:x:1000:1000:::\n',
    );
    expect(mergeAccounts('', 'worker', 1000, 'w')).toBe('w\n');
  });
});

describe('findHidden', () => {
  test('names what not everybody may read, and does not follow links', () => {
    mkdirSync(join(folder, 'open/closed'), { recursive: true });
    mkdirSync(join(folder, 'listed'), { mode: 0o744 });
    writeFileSync(join(folder, 'open/file'), '', { mode: 0o644 });
    writeFileSync(join(folder, 'open/secret'), '', { mode: 0o640 });
    writeFileSync(join(folder, 'open/closed/public'), '', { mode: 0o644 });
    rmSync(join(folder, 'open/closed'), { recursive: true });
    mkdirSync(join(folder, 'open/closed'), { mode: 0o700 });
    symlinkSync('/root', join(folder, 'link'));
    expect(findHidden(folder, 9).sort()).toEqual(['listed', 'open/closed', 'open/secret']);
    expect(findHidden(folder, 1)).toEqual(['listed']);
    expect(findHidden(join(folder, 'missing'), 9)).toEqual([]);
  });
});

describe('mounts', () => {
  test('come after those they lie in, and otherwise stay in order', () => {
    const at = (...places: string[]) => places.map((place) => bindDirectory('/x', place, true));
    const sorted = inMountOrder(at('/a/b/c', '/z', '/a', '/a/b', '/a')).map(({ destination }) => destination);
    expect(sorted).toEqual(['/z', '/a', '/a', '/a/b', '/a/b/c']);
  });

  test('of layers survive a colon in a path', () => {
    expect(overlay('/s/a:b', '/etc', '/etc').options).toContain('lowerdir=/s/a\\:b:/etc');
  });
});

describe('the filter for system calls', () => {
  test('refuses tracing unless it was asked for', () => {
    expect(JSON.stringify(seccompProfile(false))).toContain('"ptrace"');
    expect(JSON.stringify(seccompProfile(true))).not.toContain('"ptrace"');
  });
});

describe('processes', () => {
  test('are read from /proc whatever their name', () => {
    expect(processStat(process.pid)).toMatchObject({ parent: process.ppid, ended: false });
    expect(processStat(2 ** 22 + 1)).toBeNull();
  });

  test('of a sandbox have an id that is safe as a file name', () => {
    expect(isSandboxId('fN1SbArXTPSVFNUvaOlinQ-0')).toBe(true);
    expect(isSandboxId('_-x-0')).toBe(true);
    for (const id of ['', '.', '..', '-x', 'a/b', 'a b', 'a\nb', 'x'.repeat(200)])
      expect(isSandboxId(id), id).toBe(false);
  });
});
