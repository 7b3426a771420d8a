import { describe, expect, it } from 'vitest';
import { commandUser, isRunTask, optionValue, wrapperCommand } from '../../src/task/command.ts';

const docker = (...words: readonly unknown[]) => wrapperCommand('docker-worker', words);
const generic = (...lines: readonly unknown[]) => wrapperCommand('generic-worker', lines);

describe('S8: run-task is the command', () => {
  it('on docker-worker when it is the first word, whatever its folder', () => {
    expect(docker('/usr/local/bin/run-task', '--', 'make')).not.toBeNull();
    expect(docker('run-task-hg', '--', 'make')).not.toBeNull();
    for (const command of [
      ['bash', '-c', 'run-task -- make'],
      ['/run-task/make'],
      ['sh -c', 'run-task -- make'],
      [['run-task']],
      [],
    ])
      expect(docker(...command)).toBeNull();
    expect(wrapperCommand('docker-worker', undefined)).toBeNull();
  });

  it('on generic-worker when one of the commands starts it', () => {
    expect(generic(['chmod', '+x', 'run-task'], ['./run-task', '--', 'make'])).toEqual([
      './run-task',
      '--',
      'make',
    ]);
    expect(generic('setup.bat', 'C:/python3/python3.exe run-task --user a -- make')).toEqual([
      'run-task',
      '--user',
      'a',
      '--',
      'make',
    ]);
    expect(generic('C:\\tools\\run-task.exe -- make')).not.toBeNull();
    expect(generic(['chmod', '+x', 'run-task'])).toBeNull();
    expect(generic(['echo', './run-task'], 'python3 make.py')).toBeNull();
    expect(isRunTask([['./run-task', '--', 'true']])).toBe(true);
    expect(isRunTask('run-task')).toBe(false);
  });
});

describe('the user that run-task gives the command to', () => {
  it.each([
    [['run-task', '--', 'make'], 'worker:worker'],
    [['run-task', '--user', 'a', '--group=b', '--', 'make'], 'a:b'],
    [['run-task', '--user=a', '--user', 'b', '--', 'make'], 'b:worker'],
    [['run-task', '--use', 'a', '--gro=b', '--', 'make'], 'a:b'],
    [['run-task', '--', 'tool', '--user', 'other'], 'worker:worker'],
    [['run-task', '--ci-checkout=/user', '--', 'make'], 'worker:worker'],
    [['run-task', '--user=', '--', 'make'], null],
  ])('of %j', (words, user) => {
    expect(commandUser(words)).toBe(user);
  });

  it('may have an equals sign in it', () => {
    expect(optionValue(['run-task', '--user=a=b'], '--user')).toBe('a=b');
  });
});
