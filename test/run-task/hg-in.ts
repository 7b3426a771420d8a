import { spawnSync } from 'node:child_process';

/** Runs hg in a directory, with the settings of a file; answers what it prints. Throws when it fails. */
export function hgIn(cwd: string, settings: string): (...args: string[]) => string {
  return (...args) => {
    const env = { ...process.env, HGRCPATH: settings };
    const done = spawnSync('hg', args, { cwd, encoding: 'utf8', env });
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stdout.trim();
  };
}
