import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { it } from 'vitest';
import { bundlePrograms, withoutFingerprint } from './programs.ts';
import { findSites } from './mutants.ts';
import { cutsNear } from './near.ts';
import { judgeAll, lives, nameOf, recordLife } from './power-loss.ts';
it('x', async () => {
  const folder = mkdtempSync('/dev/shm/zz-');
  let text = '';
  await bundlePrograms(folder, (whole) => (text = whole));
  const names = findSites(text).map(({ name }) => name);
  const filter = new RegExp(process.env['SITE'] ?? '.');
  const say = (t: string) => appendFileSync(process.env['OUT'] ?? '/dev/shm/zz.out', t + '\n');
  say(`${names.length} sites`);
  for (const name of process.env['CONTROL'] ? ['control'] : names) {
    if (!filter.test(name) && name !== 'control') continue;
    const programs = await bundlePrograms(folder, (t) => withoutFingerprint(name === 'control' ? t : findSites(t).find((s) => s.name === name)!.leaveOut(t)));
    for (const life of lives) {
      if (process.env['LIFE'] && !nameOf(life).includes(process.env['LIFE'])) continue;
      const t = performance.now();
      const place = mkdtempSync(`${folder}/p-`);
      let wrong = 'NOT SEEN'; let n = 0; let recorded = 0; let marks = 0; let changes = 0;
      try {
        const recording = recordLife(place, programs, life);
        recorded = performance.now() - t;
        changes = recording.changes.length;
        marks = recording.changes.filter((c) => c.kind === 'told' && c.text.startsWith('left')).length;
        await judgeAll(place, programs, life, cutsNear(recording), (cut, o) => { n++; if (n > 400 && !process.env['CONTROL']) return false; if (o.verdict !== 'wrong') return true; wrong = `${cut.what}: ${o.why.slice(0, 300)}`; return false; });
      } catch (e) { wrong = `life fails: ${String(e).replaceAll('\n', ' ').slice(0, 400)}`; }
      rmSync(place, { recursive: true, force: true });
      say(`${name.slice(0, 90)} | ${nameOf(life)} | ${changes} changes ${marks} marks, ${n} states, recording ${Math.round(recorded)} all ${Math.round(performance.now() - t)} ms | ${wrong}`);
      if (wrong !== 'NOT SEEN' && !process.env['EVERY']) break;
    }
  }
  rmSync(folder, {recursive: true});
}, 6000000);
