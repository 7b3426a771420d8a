import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { caisson } from '../support/caisson.ts';
import { configYml, kindYml, TestRepository } from '../support/repository.ts';

const kind = 'taskcluster/kinds/work/kind.yml';

/** `main` with one task, and a branch on which there are two, with another image. */
function repository(): TestRepository {
  const made = new TestRepository({ 'taskcluster/config.yml': configYml, [kind]: kindYml({ one: 'true' }) });
  made.git('checkout', '--quiet', '-b', 'topic');
  made.write({ [kind]: kindYml({ one: 'true', two: 'true' }).replace('debian:12', 'debian:13') });
  made.git('commit', '--quiet', '--all', '-m', 'second');
  return made;
}

const sets = (made: TestRepository): string => {
  const folder = join(made.folder, 'sets');
  mkdirSync(folder);
  for (const level of ['1', '2']) writeFileSync(join(folder, `l${level}.json`), `{"level": "${level}"}`);
  return folder;
};

describe('caisson graph with several sets of parameters', () => {
  it('prints each under its name, and those that are right although another is wrong', () => {
    using made = repository();
    const folder = sets(made);
    writeFileSync(join(folder, 'bad.yml'), 'level: 3\n');
    const finished = caisson(made, ['graph', 'full', '-p', folder]);
    expect(finished.status).toBe(65);
    expect(finished.stdout).toBe('work-one\nwork-two\nwork-one\nwork-two\n');
    const headers = finished.stderr.match(/^Dumping result with parameters from .*:$/gm);
    expect(headers).toEqual(
      ['bad', 'l1', 'l2'].map((name) => `Dumping result with parameters from ${name}:`),
    );
    expect(finished.stderr).toMatch(/bad\.yml:1:1: error: "level" must be a text/);
  });

  it('writes each to a file of its own, the same as when it is compiled alone', () => {
    using made = repository();
    const folder = sets(made);
    const file = join(made.folder, 'graph.json');
    expect(caisson(made, ['graph', 'full', '-J', '-p', folder, '-o', file]).status).toBe(0);
    const alone = caisson(made, ['graph', 'full', '-J', '-p', join(folder, 'l2.json')]).stdout;
    const pinned = (text: string): string => text.replace(/"(build_date|pushdate)": \d+/g, '');
    expect(pinned(readFileSync(join(made.folder, 'graph_l2.json'), 'utf8'))).toBe(pinned(alone));
    expect(readFileSync(join(made.folder, 'graph_l1.json'), 'utf8')).toContain('test-level-1-');
  });
});

describe('caisson graph --diff', () => {
  it('compares with another revision and leaves the work tree and the repository alone', () => {
    using made = repository();
    const temporary = join(made.folder, 'tmp');
    mkdirSync(temporary);
    const inside = (): Set<string> =>
      new Set(readdirSync(join(made.top, '.git'), { recursive: true, encoding: 'utf8' }));
    const before = inside();
    const finished = caisson(made, ['graph', 'full', '--diff', 'main'], { TMPDIR: temporary });
    expect(finished.status).toBe(0);
    const base = made.git('rev-parse', '--short=12', 'main');
    expect(finished.stdout).toBe(
      `--- full_task_graph@${base}\n+++ full_task_graph@topic\n@@ -1 +1,2 @@\n work-one\n+work-two\n`,
    );
    expect(finished.stderr).toContain(`Generating full_task_graph @ ${base}\n`);
    expect(inside()).toEqual(before);
    expect(made.git('status', '--porcelain')).toBe('');
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('shows only what the configuration changes, not that revisions have different hashes', () => {
    using made = repository();
    made.write({ [kind]: kindYml({ one: 'false', two: 'true' }).replace('debian:12', 'debian:13') });
    made.git('commit', '--quiet', '--all', '-m', 'third');
    const { stdout } = caisson(made, ['graph', 'full', '-J', '--diff', 'HEAD~1']);
    const changed = stdout.split('\n').filter((line) => /^[-+] /.test(line));
    expect(changed.map((line) => line.replace(/ +/, ' '))).toEqual(['- "true"', '+ "false"']);
  });

  it('says that graphs are the same, and starts without an argument from what others have', () => {
    using made = repository();
    made.git('update-ref', 'refs/remotes/origin/main', 'main');
    expect(caisson(made, ['graph', 'full', '--diff']).stdout).toContain('+work-two');
    const head = made.git('rev-parse', '--short=12', 'HEAD');
    expect(caisson(made, ['graph', 'full', '--diff', 'HEAD']).stdout).toBe(
      `Files full_task_graph@${head} and full_task_graph@topic are identical\n`,
    );
  });

  it('makes a diff for each set of parameters, in the format asked for', () => {
    using made = repository();
    const file = join(made.folder, 'out.diff');
    const args = ['graph', 'target', '-Y', '--diff', 'main', '-p', sets(made), '-o', file];
    expect(caisson(made, args).status).toBe(0);
    for (const level of ['1', '2']) {
      const text = readFileSync(join(made.folder, `out_l${level}.diff`), 'utf8');
      expect(text).toContain('--- target_task_set@');
      expect(text).toMatch(/^-\s+image: debian:12$/m);
      expect(text).toContain(`test-level-${level}-shared`);
    }
  });

  it('refuses uncommitted changes unless they are asked for', () => {
    using made = repository();
    made.write({ [kind]: kindYml({ three: 'true' }) });
    const refused = caisson(made, ['graph', 'full', '--diff', 'main']);
    expect(refused.status).toBe(64);
    expect(refused.stderr).toContain('--dirty');
    const asked = caisson(made, ['graph', 'full', '--diff', 'main', '--dirty']);
    expect(asked.stdout).toContain('-work-one\n+work-three\n');
    expect(readFileSync(join(made.top, kind), 'utf8')).toBe(kindYml({ three: 'true' }));
  });

  it('compiles each side with its own plugins, and the packages that are installed here', () => {
    using made = repository();
    const plugin = (text: string): string =>
      `import { word } from 'acme-words';\nexport const name = (config: unknown, tasks: Iterable<{ description: string }>) =>
  [...tasks].map((task) => ({ ...task, description: word + ${JSON.stringify(text)} }));\n`;
    const list = 'transforms: [';
    made.write({
      '.gitignore': 'node_modules\n',
      'node_modules/acme-words/package.json':
        '{"name": "acme-words", "type": "module", "exports": "./main.mjs"}',
      'node_modules/acme-words/main.mjs': "export const word = 'from ';\n",
      [kind]: kindYml({ one: 'true' }).replace(list, `${list}"plugin:name", `),
      'taskcluster/plugin.ts': plugin('before'),
    });
    made.git('add', '--all');
    made.git('commit', '--quiet', '-m', 'plugin');
    made.write({ 'taskcluster/plugin.ts': plugin('after') });
    made.git('commit', '--quiet', '--all', '-m', 'changed');
    const { stdout, stderr } = caisson(made, ['graph', 'full', '-J', '--diff', 'HEAD~1']);
    expect(stderr).not.toContain('error');
    expect(stdout).toContain('-    "description": "from before"');
    expect(stdout).toContain('+    "description": "from after"');
  });

  it('says which side is wrong', () => {
    using made = repository();
    made.write({ [kind]: 'tasks: [' });
    made.git('commit', '--quiet', '--all', '-m', 'broken');
    const finished = caisson(made, ['graph', 'full', '--diff', 'main']);
    expect(finished.status).toBe(65);
    expect(finished.stderr).toContain(
      'no diff for defaults, since full_task_graph@topic could not be compiled',
    );
    expect(caisson(made, ['graph', 'full', '--diff', 'nowhere']).status).toBe(64);
  });
});

describe('caisson cache diff', () => {
  it('tells which caches would be cold, and why', () => {
    using made = repository();
    const finished = caisson(made, ['cache', 'diff', 'main', 'topic']);
    expect(finished.status).toBe(0);
    expect(finished.stdout.replace(/[0-9a-f]{20}/g, 'KEY').replace(/[0-9a-f]{12}/g, 'HASH')).toBe(
      `main (HASH) → topic (HASH)

1 cache would be cold:
  test-level-1-shared-v1-KEY → test-level-1-shared-v1-KEY
    image image-tag:debian:12 → image-tag:debian:13
    1 task: work-one

0 caches keep their names
`,
    );
  });

  it('takes the files as they are for the second revision, also with declared files', () => {
    using made = repository();
    const declared = kindYml({ one: 'true' }).replace('shared}', 'shared, key: {files: [lock]}}');
    made.write({ [kind]: declared, lock: '1\n' });
    made.git('add', 'lock');
    made.git('commit', '--quiet', '--all', '-m', 'declared');
    const same = JSON.parse(caisson(made, ['cache', 'diff', 'HEAD', '--json']).stdout) as object;
    expect(same).toMatchObject({ changed: [], added: [], gone: [], unchanged: 1 });
    made.write({ lock: '2\n' });
    const { changed } = JSON.parse(caisson(made, ['cache', 'diff', 'HEAD', '--json']).stdout) as {
      changed: { cold: boolean; tasks: string[]; changes: { ingredient: string }[] }[];
    };
    expect(changed).toMatchObject([
      { cold: true, tasks: ['work-one'], changes: [{ ingredient: 'file lock' }] },
    ]);
    expect(existsSync(join(made.home, 'source'))).toBe(false);
  });

  it('refuses what it cannot compare', () => {
    using made = repository();
    expect(caisson(made, ['cache', 'diff', 'nowhere']).status).toBe(64);
    made.write({ [kind]: 'tasks: [' });
    const finished = caisson(made, ['cache', 'diff', 'main']);
    expect(finished.status).toBe(65);
    expect(finished.stderr).toContain('the files as they are cannot be compiled');
  });
});
