import { describe, expect, test } from 'vitest';
import { notify } from '../../../src/graph/transforms/notify.ts';
import { transformed } from './transform-context.ts';

describe('notify', () => {
  test('a route for each recipient, and the content', () => {
    const { drafts, mistakes } = transformed(notify, [
      {
        name: 'bell',
        routes: ['mine'],
        extra: { kept: true },
        notify: {
          recipients: [
            { type: 'email', address: { 'by-level': { '3': '{task[name]}@example.com', default: 'x' } } },
            { type: 'matrix-room', 'room-id': '!room', 'status-type': 'on-failed' },
            { type: 'pulse', 'routing-key': '{config[kind]}.{config[params][level]}' },
            { type: 'slack-channel', 'channel-id': 'C1' },
          ],
          content: {
            email: { subject: '{task[name]}', link: { text: 'x', href: 'y' } },
            matrix: { 'msg-type': 'm.{task[name]}' },
            slack: { blocks: [{ text: '{left alone}' }] },
          },
        },
      },
      { name: 'silent' },
    ]);
    expect(mistakes).toEqual([]);
    expect(drafts).toEqual([
      {
        name: 'bell',
        routes: [
          'mine',
          'notify.email.bell@example.com.on-completed',
          'notify.matrix-room.!room.on-failed',
          'notify.pulse.kind.3.on-completed',
          'notify.slack-channel.C1.on-completed',
        ],
        extra: {
          kept: true,
          notify: {
            email: { subject: 'bell', link: { text: 'x', href: 'y' } },
            matrixMsgType: 'm.bell',
            slackBlocks: [{ text: '{left alone}' }],
          },
        },
      },
      { name: 'silent' },
    ]);
  });

  test('the older form', () => {
    const { drafts } = transformed(notify, [
      {
        name: 'old',
        notifications: {
          emails: { 'by-project': { repo: ['a@x', 'b@x'], default: [] } },
          subject: '{task[name]}',
          'status-types': ['on-failed', 'on-exception'],
        },
      },
    ]);
    expect(drafts[0]!.routes).toEqual([
      'notify.email.a@x.on-failed',
      'notify.email.a@x.on-exception',
      'notify.email.b@x.on-failed',
      'notify.email.b@x.on-exception',
    ]);
    expect(drafts[0]!.extra).toEqual({ notify: { email: { subject: 'old', content: 'old' } } });
  });

  test('refuses a text that cannot be filled', () => {
    const content = { email: { subject: '{task[missing]}' } };
    const { drafts, mistakes } = transformed(notify, [{ name: 'x', notify: { recipients: [], content } }]);
    expect(drafts).toEqual([]);
    expect(mistakes).toEqual([expect.stringMatching(/^notify: .*\[missing\]/)]);
  });
});
