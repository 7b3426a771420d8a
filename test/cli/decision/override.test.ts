import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DecisionFlags } from '../../../src/cli/decision/flags.ts';
import { openHistory } from '../../../src/cli/decision/open-history.ts';
import { findOverride } from '../../../src/cli/decision/override.ts';
import type { Parameters } from '../../../src/graph/parameters/parameters.ts';
import { TestRepository } from '../../support/repository.ts';

function open(files: Readonly<Record<string, string>> = {}): TestRepository {
  const repository = new TestRepository({ a: 'a', ...files });
  onTestFinished(() => repository[Symbol.dispose]());
  return repository;
}

function override(repository: TestRepository, changes: Partial<DecisionFlags> = {}) {
  const flags = { allowParameterOverride: true, ...changes } as DecisionFlags;
  const parameters = { head_repository: repository.top } as Parameters;
  return findOverride(flags, openHistory(repository.top), parameters);
}

const config = '{"version": 2, "parameters": {"filters": []}}';

describe('parameters that whoever pushed overrides', () => {
  it('come from try_task_config.json, or the file that is named, when that is allowed', () => {
    const repository = open({ 'try_task_config.json': config, 'other.json': config.replace('[]', '["x"]') });
    const file = join(repository.top, 'other.json');
    expect(override(repository)).toMatchObject({ parameters: { filters: [] } });
    expect(override(repository, { tryTaskConfigFile: file })).toEqual({
      parameters: { filters: ['x'] },
      source: file,
    });
    expect(findOverride({} as DecisionFlags, openHistory(repository.top), {} as Parameters)).toBeNull();
  });

  it('come from a note on the commit when there is no file', () => {
    const repository = open();
    expect(override(repository)).toBeNull();
    repository.git('notes', '--ref=decision-parameters', 'add', '-m', '{"level": "1"}');
    expect(override(repository)).toEqual({
      parameters: { level: '1' },
      source: 'refs/notes/decision-parameters',
    });
    repository.git('notes', '--ref=decision-parameters', 'add', '-f', '-m', '[]');
    expect(() => override(repository)).toThrow('has to be a mapping');
  });

  it.each([
    ['{', 'not well formed JSON'],
    ['[]', 'has to be a mapping'],
    ['{"parameters": {}}', 'the version is missing, but has to be 2'],
    ['{"version": 1, "tasks": []}', 'the version is 1'],
    ['{"version": 2, "parameters": {}, "templates": {}}', 'unknown key "templates"'],
    ['{"version": 2, "parameters": []}', 'has to be a mapping'],
  ])('are refused as %s', (text, message) => {
    expect(() => override(open({ 'try_task_config.json': text }))).toThrow(message);
  });
});
