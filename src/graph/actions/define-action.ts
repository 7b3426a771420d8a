import { fail } from '../../base/failure.ts';
import type { Action, ActionCall } from '../plugins/action.ts';
import type { Mapping } from '../values/plain.ts';

/** What is said of an action of our own; the rest is as for most. */
export interface ActionOutline
  extends Pick<Action, 'name' | 'title' | 'symbol' | 'description' | 'order' | 'callback'> {
  /** default: the name */
  readonly callbackName?: string;
  /** default: generic */
  readonly permission?: string;
  /** default: for the whole group */
  readonly context?: readonly Readonly<Record<string, string>>[];
  /** default: it takes no input */
  readonly schema?: Mapping;
}

export function defineAction(outline: ActionOutline): Action {
  const { context = [], schema = null, permission = 'generic', callbackName = outline.name } = outline;
  return {
    ...outline,
    callbackName,
    permission,
    context: () => context,
    available: () => true,
    schema: () => schema,
  };
}

/** For any single task. */
export const anyTask: readonly Readonly<Record<string, string>>[] = [{}];

/** In schemas: how often. */
export function timesSchema(extra: Mapping = { default: 1 }): Mapping {
  return {
    type: 'integer',
    ...extra,
    minimum: 1,
    maximum: 100,
    title: 'Times',
    description: 'How many times to run each task.',
  };
}

/** The task that an action was started on, for actions that need one. Fails with `usage` without one. */
export function startedOn({ taskId }: ActionCall, callbackName: string): string {
  return taskId ?? fail('usage', `${callbackName} needs the task that it is for`);
}
