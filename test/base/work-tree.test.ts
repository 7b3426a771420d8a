import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openWorkTree, type WorkTree } from '../../src/base/work-tree.ts';

const withoutHg = spawnSync('hg', ['--version']).status !== 0;
const gitConfig = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'init.defaultBranch=trunk'];

interface Tool {
  readonly type: 'git' | 'hg';
  readonly missing: boolean;
  run(top: string, ...args: readonly string[]): string;
  /** records all files as they are; gives back the hash */
  commit(top: string): string;
  readonly branch: readonly string[];
  readonly address: (top: string, url: string) => void;
  /** the commit the work tree stands on is one that others have */
  readonly publish: (top: string) => void;
}

function started(program: string, args: readonly string[], cwd: string): string {
  const env = { ...process.env, HGPLAIN: '1', HGUSER: 'a', GIT_CONFIG_GLOBAL: '/dev/null' };
  const done = spawnSync(program, args, { cwd, encoding: 'utf8', env });
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stderr}`);
  return done.stdout.trim();
}

const tools: readonly Tool[] = [
  {
    type: 'git',
    missing: false,
    run: (top, ...args) => started('git', [...gitConfig, ...args], top),
    commit(top) {
      this.run(top, 'add', '--all');
      this.run(top, 'commit', '--quiet', '-m', 'x');
      return this.run(top, 'rev-parse', 'HEAD');
    },
    branch: ['checkout', '--quiet', '-b', 'topic'],
    address: (top, url) => void started('git', ['remote', 'add', 'origin', url], top),
    publish: (top) => void started('git', ['update-ref', 'refs/remotes/origin/trunk', 'HEAD'], top),
  },
  {
    type: 'hg',
    missing: withoutHg,
    run: (top, ...args) => started('hg', args, top),
    commit(top) {
      this.run(top, 'addremove', '--quiet');
      this.run(top, 'commit', '-m', 'x');
      return this.run(top, 'log', '-r', '.', '-T', '{node}');
    },
    branch: ['bookmark', 'topic'],
    address: (top, url) => writeFileSync(join(top, '.hg/hgrc'), `[paths]\ndefault = ${url}\n`),
    publish: (top) => void started('hg', ['phase', '--public', '-r', '.'], top),
  },
];

for (const tool of tools) {
  describe.skipIf(tool.missing)(`a work tree of ${tool.type}`, () => {
    const make = (): { top: string; tree: WorkTree; write: (name: string, text: string) => void } => {
      const folder = realpathSync(mkdtempSync(join(tmpdir(), 'caisson-tree-')));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const top = join(folder, 'top');
      mkdirSync(join(top, 'deep'), { recursive: true });
      tool.run(top, 'init');
      const write = (name: string, text: string): void => writeFileSync(join(top, name), text);
      return { top, tree: openWorkTree(join(top, 'deep')), write };
    };

    it('is found from below, and answers before the first commit', () => {
      const { top, tree } = make();
      expect([tree.type, tree.top]).toEqual([tool.type, top]);
      expect([tree.head(), tree.url()]).toEqual(['', '']);
      expect(tree.trackedFiles()).toEqual([]);
    });

    it('knows where it stands and where it came from', () => {
      const { top, tree, write } = make();
      write('a', '1');
      const first = tool.commit(top);
      tool.address(top, 'https://example.com/app');
      tool.run(top, ...tool.branch);
      expect([tree.head(), tree.branch(), tree.url()]).toEqual([first, 'topic', 'https://example.com/app']);
      expect([tree.resolve(first.slice(0, 10)), tree.resolve('topic'), tree.resolve('nowhere')]).toEqual([
        first,
        first,
        null,
      ]);
    });

    it('knows which files are tracked and which have changed', () => {
      const { top, tree, write } = make();
      for (const name of ['a', 'b', 'ä b']) write(name, '1');
      tool.commit(top);
      expect(tree.isClean()).toBe(true);
      write('ä b', '2');
      rmSync(join(top, 'b'));
      write('unknown', '1');
      expect(tree.changedFiles()).toEqual(['ä b']);
      expect(tree.trackedFiles().sort((x, y) => (x < y ? -1 : 1))).toEqual(['a', 'b', 'ä b']);
      expect(tree.isClean()).toBe(false);
    });

    it('starts where others have what is below', () => {
      const { top, tree, write } = make();
      write('a', '1');
      const first = tool.commit(top);
      expect(tree.baseRevision()).toBe(first);
      tool.publish(top);
      for (const text of ['2', '3']) {
        write('a', text);
        tool.commit(top);
      }
      expect(tree.baseRevision()).toBe(first);
    });

    it('writes another commit elsewhere and stays as it is', () => {
      const { top, tree, write } = make();
      write('a', '1');
      write('gone', '1');
      const first = tool.commit(top);
      rmSync(join(top, 'gone'));
      write('a', '2');
      const second = tool.commit(top);
      write('a', 'not committed');
      const other = join(top, '../other');
      tree.exportTo(other, first);
      expect(readdirSync(other).sort()).toEqual([`.${tool.type}`, 'a', 'gone']);
      expect(readFileSync(join(other, 'a'), 'utf8')).toBe('1');
      const exported = openWorkTree(other);
      expect([exported.top, exported.head(), exported.isClean()]).toEqual([other, first, true]);
      expect(exported.trackedFiles()).toEqual(['a', 'gone']);
      expect([tree.head(), readFileSync(join(top, 'a'), 'utf8')]).toEqual([second, 'not committed']);
    });
  });
}

it('what a hook of git finds in its environment does not lead to another repository', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'caisson-tree-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const git = tools[0]!;
  const [first, hooked] = ['one', 'other'].map((name) => {
    const top = join(folder, name);
    mkdirSync(top);
    git.run(top, 'init');
    writeFileSync(join(top, name), name);
    return { top, commit: git.commit(top) };
  }) as [{ top: string; commit: string }, { top: string; commit: string }];
  vi.stubEnv('GIT_DIR', join(hooked.top, '.git'));
  vi.stubEnv('GIT_INDEX_FILE', join(hooked.top, '.git/index'));
  onTestFinished(() => void vi.unstubAllEnvs());
  const tree = openWorkTree(first.top);
  expect([tree.top, tree.trackedFiles()]).toEqual([first.top, ['one']]);
  tree.exportTo(join(folder, 'exported'), first.commit);
  expect(readFileSync(join(folder, 'exported/one'), 'utf8')).toBe('one');
  vi.unstubAllEnvs();
  expect(git.run(hooked.top, 'rev-parse', 'HEAD')).toBe(hooked.commit);
  expect(openWorkTree(hooked.top).trackedFiles()).toEqual(['other']);
});
