import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parameterMistakes } from '../../../src/graph/parameters/check.ts';
import { parametersFromFile } from '../../../src/graph/parameters/file.ts';
import { parametersFromRepository } from '../../../src/graph/parameters/repository.ts';
import { failureText, parameters, runGit, workTree } from './work-tree.ts';

const clock = { now: () => Date.UTC(2026, 0, 31, 12, 30, 15) };

function repository(remote?: string): string {
  const top = workTree({ 'version.txt': '1.2.3\nrest\n', 'a.txt': 'a', 'ä b.txt': 'b' });
  runGit(['init', '-q', '-b', 'trunk'], top);
  if (remote !== undefined) runGit(['remote', 'add', 'origin', remote], top);
  return top;
}

describe('parameters of a repository', () => {
  it('are those of its HEAD, branch, remote and changed files', () => {
    const top = repository('git@github.com:acme/app.git');
    runGit(['add', '.'], top);
    runGit(['commit', '-q', '-m', 'x'], top);
    runGit(['rm', '-q', '--cached', 'a.txt'], top);
    workTree({});
    const head = runGit(['rev-parse', 'HEAD'], top);
    expect(parametersFromRepository(top, { level: '1' }, clock)).toEqual({
      ...parameters,
      base_repository: 'git@github.com:acme/app.git',
      base_ref: '',
      base_rev: '',
      build_date: 1_769_862_615,
      head_ref: 'trunk',
      head_repository: 'git@github.com:acme/app.git',
      head_rev: head,
      moz_build_date: '20260131123015',
      owner: 'nobody@mozilla.com',
      project: 'app',
      pushdate: 1_769_862_615,
      tasks_for: '',
      version: '1.2.3',
    });
    runGit(['checkout', '-q', '--detach'], top);
    expect(parametersFromRepository(top).head_ref).toBe(head);
  });

  it('exist before the first commit and without a remote', () => {
    const top = repository();
    const found = parametersFromRepository(top);
    expect(found).toMatchObject({ head_rev: '', head_ref: 'trunk', head_repository: '', version: '1.2.3' });
    expect(top.endsWith(found.project)).toBe(true);
  });

  it('need a repository', async () => {
    const text = await failureText(() => parametersFromRepository(workTree({})));
    expect(text).toContain('is not in a git repository\n  hint: run this inside of a clone');
  });
});

describe('parameters in a file', () => {
  const write = (name: string, text: string) => join(workTree({ [name]: text }), name);
  const shown = (text: string) => text.replace(/\/\S*\/caisson-graph-\w+\//g, '');

  it('are read from YAML and JSON, with those that nobody knows', () => {
    const given = {
      ...parameters,
      pull_request_number: 7,
      'code-review': { 'phabricator-build-target': 'P' },
    };
    expect(parametersFromFile(write('p.json', JSON.stringify(given)))).toEqual(given);
    expect(parametersFromFile(write('p.yml', JSON.stringify(given, null, 1)))).toEqual(given);
  });

  it('are filled up from a repository', () => {
    const top = repository('https://github.com/acme/app');
    expect(parametersFromFile(write('p.yml', 'level: "2"\n'), top)).toMatchObject({
      level: '2',
      project: 'app',
      head_ref: 'trunk',
    });
  });

  it('are refused with a place for every mistake', async () => {
    const text = JSON.stringify(
      { ...parameters, level: 1, files_changed: 'a.txt', build_date: '1', owner: undefined },
      null,
      1,
    );
    expect(shown(await failureText(() => parametersFromFile(write('p.json', text))))).toMatchInlineSnapshot(`
      "
      p.json:5:2: error: "build_date" must be a whole number, not "1"
        5 |  "build_date": "1",
          |  ~~~~~~~~~~~~~~~~~
      p.json:10:2: error: "files_changed" must be a list, not "a.txt"
        10 |  "files_changed": "a.txt",
           |  ~~~~~~~~~~~~~~~~~~~~~~~~
        hint: a list of one is written [a.txt]
      p.json:18:2: error: "level" must be a text, not 1
        18 |  "level": 1,
           |  ~~~~~~~~~~
        hint: put quotes around it
      p.json:1:1: error: the key "owner" is missing
        1 | {
          | ~
      configuration: 4 mistakes in the parameters p.json
      "
    `);
  });

  it('are refused when they cannot be read', async () => {
    expect(shown(await failureText(() => parametersFromFile(write('p.txt', ''))))).toContain(
      'usage: parameters must be in',
    );
    expect(await failureText(() => parametersFromFile('/nowhere/p.yml'))).toContain(
      'usage: parameters could not be read',
    );
    const places: Record<string, string> = {
      '{': "1:2: error: the JSON is not well formed: expected property name or '}'",
      '{\n "level": }': '2:11: error: the JSON is not well formed: unexpected token',
      '{"level": "1",\n}': '2:1: error: the JSON is not well formed: expected double-quoted property name',
      '{"level":\n': '1:10: error: the JSON is not well formed: unexpected end of JSON input',
      '{"level": "a\tb"}':
        '1:13: error: the JSON is not well formed: bad control character in string literal',
    };
    for (const [json, place] of Object.entries(places))
      expect(shown(await failureText(() => parametersFromFile(write('p.json', json))))).toContain(
        `p.json:${place}`,
      );
    expect(shown(await failureText(() => parametersFromFile(write('p.yml', 'a: ['))))).toContain(
      'p.yml:1:4: error: "[" is not closed',
    );
  });
});

it('a level is one that names of caches can have', () => {
  const levelOf = (level: unknown) => parameterMistakes({ level }, false).map(({ message }) => message);
  expect(levelOf('3')).toEqual([]);
  expect(levelOf('0')).toEqual([expect.stringContaining('"level" must be "1", "2" or "3", not "0"')]);
});
