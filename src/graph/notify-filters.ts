/** When a task's state makes the notify service speak, as `status-type` in a draft has it. */
export const statusTypes = [
  'on-completed',
  'on-defined',
  'on-exception',
  'on-failed',
  'on-pending',
  'on-resolved',
  'on-running',
] as const;

/** What a route `notify.….<filter>` may end in: written by hand, it can be these two as well. */
export const routeFilters: readonly string[] = ['on-any', ...statusTypes, 'on-transition'];
