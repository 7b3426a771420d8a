import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { caisson, type Finished } from '../support/caisson.ts';
import { configYml, kindYml, TestRepository } from '../support/repository.ts';

const kind = 'taskcluster/kinds/work/kind.yml';
const good = { 'taskcluster/config.yml': configYml, [kind]: kindYml({ one: 'true' }) };

function attempt(
  files: Record<string, string>,
  args: readonly string[],
  env: Record<string, string> = {},
): Finished {
  using repository = new TestRepository({ ...good, ...files });
  return caisson(repository, args, env);
}

/** Every mistake is one clear error: no stack, and it says where or what to do. */
function expectMistake(finished: Finished, status: number, ...mentions: readonly (string | RegExp)[]): void {
  expect(finished.stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  for (const mention of mentions) expect(finished.stderr).toMatch(mention);
  expect(finished.status).toBe(status);
}

describe('mistakes', () => {
  it('a YAML syntax error', () => {
    const finished = attempt({ [kind]: 'tasks:\n  one: [1, 2\n  two: 3\n' }, ['graph', 'full']);
    expectMistake(finished, 65, /taskcluster\/kinds\/work\/kind\.yml:\d+:\d+: error/, '~');
  });

  it('an unknown key of a task', () => {
    const text = kindYml({ one: 'true' }).replace('description: one', 'descriptoin: one');
    expectMistake(
      attempt({ [kind]: text }, ['graph', 'full']),
      65,
      'kind.yml:',
      'the key "description" is missing',
      'is "descriptoin" meant to be it',
    );
  });

  it('a missing worker alias', () => {
    const text = kindYml({ one: 'true' }).replace('worker-type: linux', 'worker-type: linus');
    expectMistake(
      attempt({ [kind]: text }, ['graph', 'full']),
      65,
      'kind.yml:',
      'linus',
      'did you mean "linux"',
    );
  });

  it('a dependency cycle between kinds', () => {
    const other = `kind-dependencies: [work]\n${kindYml({ two: 'true' })}`;
    const text = `kind-dependencies: [other]\n${kindYml({ one: 'true' })}`;
    expectMistake(
      attempt({ [kind]: text, 'taskcluster/kinds/other/kind.yml': other }, ['graph', 'full']),
      65,
      /depend on each other/,
      'other',
      'work',
    );
  });

  it('an unknown label', () => {
    expectMistake(attempt({}, ['run', 'work-onee']), 64, 'work-onee', 'did you mean "work-one"');
  });

  it('no taskcluster folder', () => {
    expectMistake(attempt({}, ['run', '-r', 'elsewhere']), 65, 'elsewhere/config.yml');
  });

  it('not a git repository', () => {
    const folder = mkdtempSync(join(tmpdir(), 'caisson-no-git-'));
    try {
      using repository = new TestRepository(good);
      mkdirSync(join(folder, 'taskcluster'));
      writeFileSync(join(folder, 'taskcluster/config.yml'), configYml);
      const finished = caisson(repository, ['run', '-r', join(folder, 'taskcluster')]);
      expectMistake(finished, 65, /not in a git repository/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('a home that cannot be written', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'caisson-home-')), 'file');
    writeFileSync(file, '');
    chmodSync(file, 0o400);
    expectMistake(attempt({}, ['run'], { CAISSON_HOME: join(file, 'home') }), 69, 'CAISSON_HOME');
    rmSync(file);
  });

  it('wrong options', () => {
    expectMistake(attempt({}, ['run', '--jobs', 'many']), 64, '--jobs');
    expectMistake(attempt({}, ['run', '--engine', 'docker']), 64, 'not built yet');
    expectMistake(attempt({}, ['rnu']), 64, /unknown command/, /Did you mean run/);
  });
});

describe('caisson graph', () => {
  it('prints the same bytes every time, and only on standard output', () => {
    using repository = new TestRepository(good);
    const first = caisson(repository, ['graph', 'full', '-J']);
    expect(first.status).toBe(0);
    expect(Object.keys(JSON.parse(first.stdout) as object)).toEqual(['work-one']);
    expect(caisson(repository, ['graph', 'full', '-J']).stdout).toBe(first.stdout);
  });
});
