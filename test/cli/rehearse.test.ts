import { describe, expect, it } from 'vitest';
import { rehearse } from '../../src/cli/run/rehearse.ts';
import type { TaskDefinition } from '../../src/task/definition.ts';

const definition = (payload: Record<string, unknown>): TaskDefinition => ({
  taskQueueId: 'a/b',
  schedulerId: 's',
  taskGroupId: 'g',
  dependencies: ['x'],
  requires: 'all-completed',
  routes: [],
  priority: 'low',
  retries: 5,
  created: '',
  deadline: '',
  expires: '',
  scopes: [],
  payload,
  metadata: { name: 'n', description: '', owner: '', source: '' },
  tags: {},
  extra: {},
});

describe('rehearsing a task', () => {
  it('keeps run-task with its options, caches and artifacts, and replaces the command', () => {
    const { payload, dependencies } = rehearse(
      definition({
        image: { type: 'task-image', taskId: 'x', path: 'public/image.tar.zst' },
        command: [
          '/usr/local/bin/run-task',
          '--hello-checkout=/builds/worker/checkouts/vcs/',
          '--',
          'bash',
          '-cx',
          'make',
        ],
        cache: { name: '/builds/worker/checkouts' },
        env: { MOZ_FETCHES: '[]', A: '1' },
        artifacts: { 'public/x': { type: 'file', path: '/builds/worker/x y' } },
      }),
    );
    expect(dependencies).toEqual(['x']);
    expect(payload['cache']).toEqual({ name: '/builds/worker/checkouts' });
    expect(payload['env']).toEqual({ A: '1' });
    expect(payload['image']).toBe('rehearsal');
    const command = payload['command'] as string[];
    expect(command.slice(0, 5)).toEqual([
      '/usr/local/bin/run-task',
      '--hello-checkout=/builds/worker/checkouts/vcs/',
      '--',
      'sh',
      '-c',
    ]);
    expect(command[5]).toContain("echo rehearsal > '/builds/worker/x y'");
  });

  it('gives a task without a command one', () => {
    expect((rehearse(definition({ image: 'builder' })).payload['command'] as string[])[0]).toBe('sh');
  });
});
