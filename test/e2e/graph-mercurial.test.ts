import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { caisson } from '../support/caisson.ts';
import { configYml, kindYml, TestRepository } from '../support/repository.ts';

const withoutHg = spawnSync('hg', ['--version']).status !== 0;
const kind = 'taskcluster/kinds/work/kind.yml';

function hg(made: TestRepository, ...args: readonly string[]): string {
  const env = { ...process.env, HGPLAIN: '1', HGUSER: 'test' };
  const done = spawnSync('hg', args, { cwd: made.top, encoding: 'utf8', env });
  if (done.status !== 0) throw new Error(done.stderr);
  return done.stdout.trim();
}

/** Two commits: the second one has one more task and another lock file. */
function repository(): TestRepository {
  const declared = (text: string): string =>
    text.replace('shared}', 'shared, key: {files: [lock]}}').replace('checkout: false', 'checkout: true');
  const made = new TestRepository({
    'taskcluster/config.yml': configYml,
    [kind]: declared(kindYml({ one: 'true' })),
    lock: '1\n',
  });
  rmSync(join(made.top, '.git'), { recursive: true });
  hg(made, 'init');
  hg(made, 'commit', '--addremove', '--quiet', '-m', 'first');
  made.write({ [kind]: declared(kindYml({ one: 'true', two: 'true' })), lock: '2\n' });
  hg(made, 'commit', '--quiet', '-m', 'second');
  return made;
}

describe.skipIf(withoutHg)('a Mercurial repository', () => {
  it('gives the parameters', () => {
    using made = repository();
    const { stdout, stderr } = caisson(made, ['graph', 'full', '-J']);
    expect(stderr).toBe('');
    expect(stdout).toContain(`"TEST_HEAD_REV": "${hg(made, 'log', '-r', '.', '-T', '{node}')}"`);
    expect(stdout).toContain('"TEST_REPOSITORY_TYPE": "hg"');
  });

  it('is compared with another of its revisions, and stays as it is', () => {
    using made = repository();
    const [first, second] = ['.^', '.'].map((at) => hg(made, 'log', '-r', at, '-T', '{node|short}'));
    expect(caisson(made, ['graph', 'full', '--diff', '.^']).stdout).toBe(
      `--- full_task_graph@${first}\n+++ full_task_graph@${second}\n@@ -1 +1,2 @@\n work-one\n+work-two\n`,
    );
    made.write({ lock: '3\n' });
    const { stdout } = caisson(made, ['cache', 'diff', '.', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      changed: [{ tasks: ['work-one', 'work-two'], changes: [{ ingredient: 'file lock' }] }],
    });
    expect(hg(made, 'status')).toBe('M lock');
  });

  it('cannot be run from, and that is said', () => {
    using made = repository();
    const finished = caisson(made, ['run']);
    expect(finished.status).toBe(65);
    expect(finished.stderr).toContain('is not in a git repository');
  });
});
