import { cutOffAll } from './cut-off.ts';
import { clone, cloneAround, cloneNested, cloneWithSubmodules } from './git-scenarios.ts';

cutOffAll('run-task that is killed while it clones with git', [
  [clone, { model: 0.1, all: 0.02, alone: 0.02 }],
  [cloneWithSubmodules, { all: 0.005, alone: 0.002 }],
  [cloneAround, { model: 0.05, all: 0.01, alone: 0.01 }],
  [cloneNested, { all: 0.005, alone: 0.002 }],
]);
