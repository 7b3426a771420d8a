// Runs a command and says what it took.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

const time = '/usr/bin/time';

/** Whether GNU time is there, which alone tells processor time and memory of a child. */
export const hasGnuTime = /GNU/.test(spawnSync(time, ['--version'], { encoding: 'utf8' }).stdout ?? '');

/**
 * Runs `words` in `cwd` with standard output in the file `output`.
 * @returns seconds from start to end, processor seconds of it and its children, megabytes (10^6) of the largest of its
 * processes at its peak (both NaN without GNU time), and megabytes written
 * @throws when it does not end with 0, with the end of what it said
 */
export async function measure(words, { cwd, env, output }) {
  const report = `${output}.time`;
  const timed = hasGnuTime ? [time, '--format=%U %S %M', `--output=${report}`, ...words] : words;
  const out = openSync(output, 'w');
  const start = performance.now();
  const child = spawn(timed[0], timed.slice(1), { cwd, env, stdio: ['ignore', out, 'pipe'] });
  closeSync(out);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-4000)));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('exit', resolve));
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}:\n${said}`);
  const [user, system, kilobytes] = hasGnuTime
    ? readFileSync(report, 'utf8').trim().split(' ').map(Number)
    : [];
  return {
    seconds,
    processor: hasGnuTime ? user + system : Number.NaN,
    memory: hasGnuTime ? (kilobytes * 1024) / 1e6 : Number.NaN,
    written: statSync(output).size / 1e6,
  };
}

/** The medians of several measurements, figure by figure. */
export function medians(measurements) {
  const names = Object.keys(measurements[0]);
  return Object.fromEntries(names.map((name) => [name, median(measurements.map((one) => one[name]))]));
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
