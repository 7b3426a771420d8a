import { describe, expect, it } from 'vitest';
import { caisson } from '../support/caisson.ts';
import { configYml, kindYml, TestRepository } from '../support/repository.ts';

const config = { 'taskcluster/config.yml': configYml };
const kind = (name: string): string => `taskcluster/kinds/${name}/kind.yml`;

describe('caisson graph kinds', () => {
  const files = {
    ...config,
    [kind('unit-test')]: `kind-dependencies: [lint, build]\n${kindYml({ one: 'true' })}`,
    [kind('build')]: kindYml({ one: 'true' }),
    [kind('lint')]: kindYml({ one: 'true' }),
  };

  it('draws which kind needs which for Mermaid', () => {
    using made = new TestRepository(files);
    const { stdout } = caisson(made, ['graph', 'kinds']);
    expect(stdout).toBe(`flowchart TD
    build[build]
    lint[lint]
    unit_test[unit-test]
    build --> unit_test
    lint --> unit_test
`);
    expect(caisson(made, ['graph', 'kind-graph']).stdout).toBe(stdout);
  });

  it('lists those named and what they need, also as JSON', () => {
    using made = new TestRepository(files);
    expect(JSON.parse(caisson(made, ['graph', 'kinds', '--json', '-k', 'build']).stdout)).toEqual([
      { name: 'build', path: 'taskcluster/kinds/build', dependencies: [] },
    ]);
    const wrong = caisson(made, ['graph', 'kinds', '-k', 'biuld']);
    expect(wrong.status).toBe(64);
    expect(wrong.stderr).toContain('did you mean "build"');
  });
});

describe('caisson graph check', () => {
  const warned = kindYml({ one: 'true' }).replace('name: shared', 'name: checkouts-sparse-v2');

  it('is silent on standard output and counts what there is', () => {
    using made = new TestRepository({ ...config, [kind('work')]: warned });
    const finished = caisson(made, ['graph', 'check']);
    expect(finished.status).toBe(0);
    expect(finished.stdout).toBe('');
    expect(finished.stderr).toMatch(
      /kind\.yml:\d+:\d+: warning: .*deprecated[^]*caisson: 1 tasks, 1 warnings/,
    );
    expect(caisson(made, ['graph', 'check', '--strict']).status).toBe(65);
  });

  it('gives editors the place of everything as JSON', () => {
    const wrong = kindYml({ one: 'true', two: 'true' }).replace('description: two', 'descriptoin: two');
    using made = new TestRepository({ ...config, [kind('work')]: wrong });
    const finished = caisson(made, ['graph', 'check', '--json']);
    expect(finished.status).toBe(65);
    expect(finished.stderr).toBe('');
    const { diagnostics, ...rest } = JSON.parse(finished.stdout) as {
      diagnostics: Record<string, unknown>[];
    };
    expect(rest).toEqual({ ok: false, tasks: 0 });
    const line = wrong.split('\n').findIndex((text) => text.includes('descriptoin')) + 1;
    expect(diagnostics).toMatchObject([
      {
        file: kind('work'),
        line,
        column: 5,
        severity: 'error',
        message: 'the key "description" is missing',
        hint: 'is "descriptoin" meant to be it?',
        parameters: ['defaults'],
      },
    ]);
  });

  it('finds references without an answer, whether or not the task is wanted', () => {
    const references = "docker-image: debian:12\n    env: {ID: {task-reference: '<nothing>'}}";
    const text = kindYml({ one: 'true' }).replace('docker-image: debian:12', references);
    const unwanted = text.replace('task-defaults:', 'task-defaults:\n  run-on-projects: []');
    using made = new TestRepository({ ...config, [kind('work')]: unwanted });
    expect(caisson(made, ['graph', 'target']).stdout).toBe('');
    const finished = caisson(made, ['graph', 'check']);
    expect(finished.status).toBe(65);
    expect(finished.stderr).toMatch(/kind\.yml:\d+:\d+: error: .*nothing/);
  });

  it('needs no deployment for references to artifacts', () => {
    const env = "docker-image: debian:12\n    env: {URL: {artifact-reference: '<build/public/x>'}}";
    const text = kindYml({ one: 'true' }).replace('docker-image: debian:12', env);
    using made = new TestRepository({
      ...config,
      [kind('build')]: kindYml({ one: 'true' }),
      [kind('work')]:
        `kind-dependencies: [build]\n${text.replace('description: one', 'description: one\n    dependencies: {build: build-one}')}`,
    });
    const finished = caisson(made, ['graph', 'check'], { TASKCLUSTER_ROOT_URL: '' });
    expect(finished.stderr).toContain('2 tasks, 0 warnings');
    expect(finished.status).toBe(0);
  });
});

describe('caisson graph', () => {
  it('prints only the tasks whose label the expression matches from its start', () => {
    using made = new TestRepository({ ...config, [kind('work')]: kindYml({ one: 'true', two: 'true' }) });
    for (const flag of ['--tasks', '--tasks-regex'])
      expect(caisson(made, ['graph', 'full', flag, 'work-(?P<n>t)']).stdout).toBe('work-two\n');
    expect(caisson(made, ['graph', 'full', '--tasks', 'one']).stdout).toBe('');
    const wrong = caisson(made, ['graph', 'full', '--tasks', '(']);
    expect(wrong.status).toBe(64);
    expect(wrong.stderr).toContain('--tasks: "(" is not a regular expression');
  });

  it('takes changed files from the work tree when asked to', () => {
    const when = kindYml({ one: 'true' }).replace(
      'description: one',
      'description: one\n    when: {files-changed: [a]}',
    );
    using made = new TestRepository({ ...config, [kind('work')]: when, a: '1' });
    made.write({ a: '2', 'p.json': '{"files_changed": [], "base_rev": "1"}' });
    const args = ['graph', 'optimized', '-p', 'p.json'];
    expect(caisson(made, args).stdout).toBe('');
    expect(caisson(made, [...args, '--force-local-files-changed']).stdout).toBe('work-one\n');
  });

  it('refuses wrong numbers and lonely flags', () => {
    using made = new TestRepository({ ...config, [kind('work')]: kindYml({ one: 'true' }) });
    expect(caisson(made, ['graph', 'full', '-j', '0']).stderr).toContain('--max-workers 0');
    expect(caisson(made, ['graph', 'full', '--dirty']).status).toBe(64);
    expect(caisson(made, ['graph', 'full', '-o', 'no/such/file']).stderr).toContain(
      'cannot be written: ENOENT',
    );
  });
});
