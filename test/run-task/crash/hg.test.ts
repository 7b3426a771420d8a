import { cutOffAll } from './cut-off.ts';
import { cloneHg, updateHg } from './hg-scenarios.ts';
import { canTrace, isThere } from './machine.ts';

cutOffAll(
  'run-task that is killed while it checks out with hg',
  [
    [cloneHg, { all: 0.01, alone: 0.01 }],
    [updateHg, { all: 0.01, alone: 0.01 }],
  ],
  canTrace && isThere('hg'),
);
