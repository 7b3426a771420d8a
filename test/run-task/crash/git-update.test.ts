import { cutOffAll } from './cut-off.ts';
import { deepen, update, updateNested, updateWithSubmodules } from './git-scenarios.ts';

cutOffAll('run-task that is killed while it updates with git', [
  [update, { model: 0.25, all: 0.03, alone: 0.03 }],
  [updateWithSubmodules, { all: 0.005, alone: 0.002 }],
  [updateNested, { all: 0.01, alone: 0.005 }],
  [deepen, { all: 0.02, alone: 0.005 }],
]);
