import { describe, expect, it, test } from 'vitest';
import { failureText, requestFor } from '../core/work-tree.ts';
import { readConfiguration } from '../../../src/graph/load/configuration.ts';
import { Mistakes } from '../../../src/graph/mistakes.ts';
import { goodTask, verified } from './verified.ts';

const after = (deadline: string, expires: string) => ({
  deadline: { 'relative-datestamp': deadline },
  expires: { 'relative-datestamp': expires },
});

describe('what the queue would refuse of a definition', () => {
  test.each<[object, string | RegExp]>([
    [{ provisionerId: 'p'.repeat(39) }, `a: provisionerId "${'p'.repeat(39)}" is no identifier`],
    [{ workerType: 'a b' }, 'a: workerType "a b" is no identifier'],
    [{ workerType: 'Linux_x' }, 'warning, a: queues of today refuse the workerType "Linux_x"'],
    [{ routes: [''] }, 'a: a route must be a text that is not empty'],
    [
      { routes: [`treeherder.${'x'.repeat(250)}`] },
      `a: the route treeherder.${'x'.repeat(29)}… has 261 letters, more than 249`,
    ],
    [{ routes: ['x', 'y', 'x'] }, 'a: the route x is there twice'],
    [{ scopes: ['secrets:get:ü'] }, 'a: the scope "secrets:get:ü" is not plain ASCII'],
    [{ scopes: ['queue:**'] }, 'a: the scope queue:** ends in more than one *'],
    [{ metadata: { name: 'n'.repeat(256) } }, "a: the task's name has 256 letters, more than 255"],
    [
      { metadata: { description: 'd'.repeat(32_769) } },
      "a: the task's description has 32769 letters, more than 32768",
    ],
    [{ tags: { x: 't'.repeat(4097) } }, 'a: the tag "x" has more than 4096 letters'],
    [{ tags: { x: 5 } }, 'a: the tag "x" is no text'],
    [after('0 seconds', '1 day'), 'a: the deadline is at the moment of creation'],
    [after('2 days', '1 day'), 'a: the task expires before its deadline'],
    [after('1 month', '1 year'), 'warning, a: the deadline is more than 5 days away'],
    [after('1 day', '6 weeks'), /^warning, a: "weeks" in "6 weeks" is not a unit of time/],
  ])('%j', (definition, message) => {
    expect(verified(goodTask('a', definition as Record<string, unknown>))).toEqual([
      message instanceof RegExp ? expect.stringMatching(message) : message,
    ]);
  });

  it('is nothing where the limits are just kept', () => {
    const route = 'r'.repeat(249);
    const definition = {
      ...after('5 days', '5 days'),
      routes: [route],
      scopes: ['queue:*', { 'task-reference': '<a>' }],
    };
    const metadata = { name: 'n'.repeat(255), owner: 'o'.repeat(255), source: '', description: '' };
    expect(verified(goodTask('a', { ...definition, metadata, tags: { x: 't'.repeat(4096) } }))).toEqual([]);
  });

  it('is told once, in config.yml, when it is written there', () => {
    const config = `trust-domain: acme
task-priority: low
task-expires-after: 6 weeks
task-deadline-after: {by-project: {app: 1 fortnight, default: 1 day}}
workers: {aliases: {}}
taskgraph: {repositories: {app: {name: App}}}
`;
    const mistakes = new Mistakes({ strict: false });
    readConfiguration({ ...requestFor({}, { config }), targetKinds: [] }, mistakes);
    expect(mistakes.warnings.map(({ message, place }) => `${place?.line}: ${message.slice(0, 40)}`)).toEqual([
      '3: "weeks" in "6 weeks" is not a unit of ti',
      '4: "fortnight" in "1 fortnight" is not a un',
    ]);
  });

  it('is a trust domain of which no scheduler can be named', async () => {
    const config =
      'trust-domain: acme.org\ntask-priority: low\nworkers: {aliases: {}}\ntaskgraph: {repositories: {a: {name: a}}}\n';
    const request = { ...requestFor({}, { config }), targetKinds: [] };
    expect(await failureText(() => readConfiguration(request, new Mistakes({ strict: false })))).toContain(
      'taskcluster/config.yml:1:1: error: "trust-domain" "acme.org" is no identifier',
    );
  });
});
