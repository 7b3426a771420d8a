import { cutOffAll } from './cut-off.ts';
import { cloneChg, cloneHg, updateChg, updateHg } from './hg-scenarios.ts';
import { canTrace, isThere } from './machine.ts';

// Each start of hg takes as long as many a whole run: all calls are tried with one that is started once.
cutOffAll(
  'run-task that is killed while it checks out with hg',
  [
    [cloneChg, { all: 0.01 }],
    [updateChg, { all: 0.01 }],
    [cloneHg, { all: 0.005, alone: 0.005, thorough: 0.1 }],
    [updateHg, { all: 0.005, alone: 0.005, thorough: 0.1 }],
  ],
  canTrace && isThere('hg') && isThere('chg'),
);
