import { lstatSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Sandbox, isRoot, someone } from './wrapper.ts';

describe('--chown', () => {
  const box = new Sandbox();
  afterAll(() => box.remove());

  it.skipIf(!isRoot)('S7: gives requested paths to the task, one or with all in it (needs root)', () => {
    const one = box.folder('one');
    const all = box.folder('all');
    for (const folder of [one, all]) writeFileSync(join(folder, 'file'), '');
    const args = [
      `--chown=${one}`,
      '--chown-recursive',
      all,
      '--',
      'sh',
      '-c',
      `touch ${one}/new ${all}/new`,
    ];
    expect(box.run(args).status).toBe(0);
    const owners = [one, join(one, 'file'), all, join(all, 'file')].map((path) => statSync(path).uid);
    expect(owners).toEqual([someone.uid, 0, someone.uid, someone.uid]);
  });

  it.skipIf(isRoot)('S7: refuses --chown when not root (needs another user than root)', () => {
    for (const option of ['--chown', '--chown-recursive']) {
      const { status, output, task } = box.run([option, box.path, '--', 'echo', 'ran']);
      expect([status, task]).toEqual([1, []]);
      expect(output).toContain(`${option} is not allowed when not running as root`);
    }
  });

  it.skipIf(!isRoot)('follows no link (needs root)', () => {
    const tree = box.folder('tree');
    const outside = box.folder('outside');
    mkdirSync(join(tree, 'sub'));
    symlinkSync(outside, join(tree, 'sub/link'));
    expect(
      box.run([`--chown-recursive=${tree}`, `--chown=${join(tree, 'sub/link')}`, '--', 'true']).status,
    ).toBe(0);
    expect(lstatSync(join(tree, 'sub/link')).uid).toBe(someone.uid);
    expect(statSync(outside).uid).toBe(0);
  });

  it('names a path that is not there', () => {
    const { status, output } = box.run([`--chown=${box.path}/nowhere`, '--', 'true']);
    expect(status).toBe(1);
    if (isRoot) expect(output).toContain(`${box.path}/nowhere: no such file`);
  });
});
