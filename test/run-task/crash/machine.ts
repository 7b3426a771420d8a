import { spawnSync } from 'node:child_process';
import { runsAllTests } from '../../support/all-tests.ts';
import { isRoot } from '../wrapper.ts';

export const isThere = (program: string): boolean =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;

/** What runs of run-task are cut off with. */
export const canTrace = runsAllTests && isRoot && isThere('strace') && isThere('cc');

/** CAISSON_CRASH_ALL=1: every cut is tried; else a part of them that CAISSON_CRASH_SEED chooses. */
export const isThorough = process.env['CAISSON_CRASH_ALL'] === '1';
export const seed = Number(process.env['CAISSON_CRASH_SEED'] ?? '1');
/** Milliseconds that one test may take. */
export const limit = isThorough ? 86_400_000 : 900_000;
