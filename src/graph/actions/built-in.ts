import type { Action } from '../plugins/action.ts';
import { addNewJobs } from './add-new-jobs.ts';
import { cancel, cancelAll } from './cancel.ts';
import { purgeCaches } from './purge-caches.ts';
import { rebuildCachedTasks } from './rebuild-cached-tasks.ts';
import { rerun } from './rerun.ts';
import { retrigger, retriggerDecision, retriggerDisabled } from './retrigger.ts';
import { retriggerMultiple } from './retrigger-multiple.ts';

/** Taskgraph's actions and our own, by `callbackName`; where the order is equal, this one counts. */
export const builtInActions: ReadonlyMap<string, Action> = new Map(
  [
    addNewJobs,
    cancel,
    cancelAll,
    rebuildCachedTasks,
    retriggerDecision,
    retriggerDisabled,
    retrigger,
    rerun,
    retriggerMultiple,
    purgeCaches,
  ].map((action) => [action.callbackName, action]),
);
