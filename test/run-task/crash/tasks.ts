import { spawnSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import type { CheckoutTrial } from '../hostile/repository.ts';
import type { Outcome } from '../../support/crash/every-cut.ts';
import { someone, type Who } from '../wrapper.ts';
import type { Run } from './scenario.ts';

export type Judged = Outcome & { readonly output: string };

/** Normal runs of run-task on one cache. */
export class Tasks {
  readonly #trial: CheckoutTrial;

  constructor(trial: CheckoutTrial) {
    this.#trial = trial;
  }

  /** A run whose task is a script. */
  run(
    cache: string,
    script: string,
    env: Record<string, string> = {},
    args: readonly string[] = [],
    { user, group }: Who = someone,
  ): Run {
    return {
      command: [
        ...this.#trial.box.program,
        `--user=${user}`,
        `--group=${group}`,
        ...args,
        '--',
        'sh',
        '-c',
        script,
      ],
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: this.#trial.box.path,
        TASKCLUSTER_CACHES: cache,
        // Else reflogs differ whenever the second does.
        GIT_COMMITTER_DATE: '1700000000 +0000',
        ...env,
      },
    };
  }

  /** What comes of a run: `refused` with 72, `mended` when it says that it met what a kill left. */
  judge({ command: [program = '', ...args], env }: Run): Judged {
    const done = spawnSync(program, args, { env, encoding: 'latin1', cwd: this.#trial.box.path });
    const output = `${done.stdout}${done.stderr}`;
    if (done.status === 72) return { verdict: 'refused', why: output.slice(-600), output };
    if (done.status !== 0) {
      const why = `exit ${done.status}: ${output.trim().split('\n').slice(-6).join(' | ')}`;
      return { verdict: 'wrong', why, output };
    }
    const isMended = /killed while|cloned again|rolling back/.test(output);
    return { verdict: isMended ? 'mended' : 'complete', why: '', output };
  }

  /** Hands a cache out as a worker does, and has a run fill it; throws when that fails. */
  fill(cache: string, run: Run): void {
    chownSync(cache, 0, 0);
    const { verdict, output } = this.judge(run);
    if (verdict === 'refused' || verdict === 'wrong') throw new Error(output);
  }
}
