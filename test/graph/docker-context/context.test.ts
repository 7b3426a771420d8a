import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../../../src/base/hash.ts';
import { contextArchive, contextHash } from '../../../src/graph/docker-context/context.ts';
import { DockerContextError } from '../../../src/graph/docker-context/context-error.ts';
import { ContextFiles } from '../../../src/graph/docker-context/context-files.ts';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'caisson-context-'));
});
afterEach(() => rmSync(top, { recursive: true }));

function write(path: string, content: string, mode = 0o644): void {
  mkdirSync(dirname(join(top, path)), { recursive: true });
  writeFileSync(join(top, path), content);
  chmodSync(join(top, path), mode);
}

const hash = (args: Record<string, string> = {}, runTask = 'one', fetchContent = 'one') =>
  contextHash(
    new ContextFiles(top),
    { folder: 'taskcluster/docker/image', args },
    { 'run-task': runTask, 'fetch-content': fetchContent },
  );
const unpack = (args: Record<string, string> = {}) => {
  const files = new ContextFiles(top);
  const wrapper = () => ({ content: Buffer.from('#!wrapper'), executable: true });
  const bytes = contextArchive(
    files,
    { folder: 'taskcluster/docker/image', args },
    { 'run-task': wrapper, 'fetch-content': wrapper },
  );
  const names = execFileSync('tar', ['-t'], { input: bytes, encoding: 'utf8' }).trim().split('\n');
  const read = (name: string) => execFileSync('tar', ['-xO', name], { input: bytes, encoding: 'utf8' });
  return { bytes, names, read };
};
const dockerfile = (text: string) => write('taskcluster/docker/image/Dockerfile', text);

describe('the hash of a docker context', () => {
  test('equals that of the Python program', () => {
    dockerfile('FROM debian\n');
    expect(hash()).toBe('7ed1c5bd6afd1f55b3ecbaba8126eef7cd68f51212491320f74cfdbccea0b612');
    write('taskcluster/docker/image/sub/x', 'hi\n', 0o755);
    expect(hash()).toBe('dde35b45ae92f505a7c453b44495dd7ebcfb3979460a87064e1d520f0a23e28b');
  });

  test('is that of the archive', () => {
    dockerfile('FROM debian\n');
    write('taskcluster/docker/image/long/'.padEnd(150, 'x'), 'long name');
    const { bytes, names } = unpack();
    expect(hash()).toBe(sha256(bytes));
    expect(names).toEqual(['Dockerfile', 'long/'.padEnd(150 - 'taskcluster/docker/image/'.length, 'x')]);
  });

  test('does not depend on the umask, only on the x bit of the owner', () => {
    dockerfile('FROM debian\n');
    write('taskcluster/docker/image/script', 'x', 0o644);
    const plain = hash();
    chmodSync(join(top, 'taskcluster/docker/image/script'), 0o664);
    expect(hash()).toBe(plain);
    chmodSync(join(top, 'taskcluster/docker/image/script'), 0o700);
    expect(hash()).not.toBe(plain);
  });

  test('does not depend on ignored files in a git repository, nor on those of Python caches', () => {
    execFileSync('git', ['init', '-q', top]);
    dockerfile('FROM debian\n');
    write('.gitignore', '*.swp\n');
    const clean = hash();
    write('taskcluster/docker/image/.Dockerfile.swp', 'x');
    write('taskcluster/docker/image/__pycache__/x.pyc', 'x');
    expect(hash()).toBe(clean);
    write('taskcluster/docker/image/new', 'x');
    expect(hash()).not.toBe(clean);
  });

  test('ignores a file that git knows and that is gone', () => {
    execFileSync('git', ['init', '-q', top]);
    dockerfile('FROM debian\n');
    const before = hash();
    write('taskcluster/docker/image/gone', 'x');
    execFileSync('git', ['-C', top, 'add', '.']);
    rmSync(join(top, 'taskcluster/docker/image/gone'));
    expect(hash()).toBe(before);
  });
});

describe('special comments of a Dockerfile', () => {
  test('arguments are put in where they are used, below their line', () => {
    dockerfile('FROM $BASE\n# %ARG BASE\nFROM $BASE:$BASE_NOT $BASE.\r\nRUN $&');
    expect(unpack({ BASE: 'debian$1' }).read('Dockerfile')).toBe(
      'FROM $BASE\nFROM debian$1:$BASE_NOT debian$1.\nRUN $&',
    );
    expect(hash({ BASE: 'a' })).not.toBe(hash({ BASE: 'b' }));
  });

  test('files and folders are included', () => {
    write('share/motd', 'hello');
    write('certs/a/b.pem', 'pem');
    write('certs/c.pem', 'pem');
    dockerfile('# %include share/motd\n# %include certs/\nFROM x\n');
    const { names, read } = unpack();
    expect(names).toEqual([
      'Dockerfile',
      'topsrcdir/certs/a/b.pem',
      'topsrcdir/certs/c.pem',
      'topsrcdir/share/motd',
    ]);
    expect(read('topsrcdir/share/motd')).toBe('hello');
  });

  test('the wrapper is included, and the lines that install it', () => {
    dockerfile('FROM x\n# %include-run-task\nRUN y\n');
    const { names, read } = unpack();
    expect(names).toEqual(['Dockerfile', 'run-task/fetch-content', 'run-task/run-task']);
    expect(read('Dockerfile')).toContain('COPY run-task/run-task /usr/local/bin/run-task\n');
    const hashes = [hash({}, 'one', 'one'), hash({}, 'two', 'one'), hash({}, 'one', 'two')];
    expect(new Set(hashes).size).toBe(3);
    dockerfile('FROM x\n');
    expect(hash({}, 'one', 'one')).toBe(hash({}, 'two', 'two'));
  });

  test.each([
    ['# %ARG MISSING\n', /"MISSING"/],
    ['# %include /etc/passwd\n', /must be relative/],
    ['# %include ../outside\n', /leads out of the repository/],
    ['# %include nothing\n', /nothing of that name/],
    ['# %include link\n', /outside of the repository/],
    ['# %include broken\n', /leads nowhere/],
  ])('refuses %j', (text, message) => {
    symlinkSync('/etc/hostname', join(top, 'link'));
    symlinkSync('nowhere', join(top, 'broken'));
    dockerfile(text);
    expect(() => hash()).toThrow(DockerContextError);
    expect(() => hash()).toThrow(message);
  });

  test('refuses a folder without Dockerfile, and files with the setuid bit', () => {
    expect(() => hash()).toThrow('no file "taskcluster/docker/image/Dockerfile"');
    dockerfile('FROM x\n');
    write('taskcluster/docker/image/su', 'x', 0o4755);
    expect(() => hash()).toThrow('setuid');
  });
});
