import { setUp, takeOver, writingAnew } from './cache-scenarios.ts';
import { cutOffAll } from './cut-off.ts';

cutOffAll('run-task that is killed, or loses power, while it looks at a cache', [
  [writingAnew, { model: 1, losses: 1 }],
  [setUp, { model: 1, losses: 1, all: 0.4, alone: 0.4 }],
  [takeOver, { model: 1, losses: 0.2, all: 0.15, alone: 0.15 }],
]);
