import { fail } from '../../base/failure.ts';
import { didYouMean } from '../../base/suggest.ts';
import type { Action, ActionCall } from '../plugins/action.ts';
import { deepCopy } from '../values/copy.ts';
import type { Mapping } from '../values/plain.ts';

/** The action of a name. Fails with `usage` when there is none. */
export function findAction(actions: ReadonlyMap<string, Action>, callbackName: string): Action {
  const action = actions.get(callbackName);
  if (action !== undefined) return action;
  const hint = didYouMean(callbackName, actions.keys());
  return fail('usage', `there is no action "${callbackName}"`, hint);
}

/** Runs an action's callback, with an input that fits the action's schema. Fails with `usage` when it does not. */
export async function runAction(action: Action, call: ActionCall): Promise<void> {
  const schema = action.schema(call.graphConfig);
  const input = schema === null ? call.input : await checkedInput(call.input, schema);
  await action.callback({ ...call, input });
}

/** A copy of the input with the schema's defaults; no input is an empty one. */
async function checkedInput(input: unknown, schema: Mapping): Promise<unknown> {
  // Large, and no other command needs it.
  const { Ajv } = await import('ajv');
  const copy = deepCopy(input ?? {});
  const validate = new Ajv({ useDefaults: true, allErrors: true, strict: false }).compile(schema);
  if (validate(copy)) return copy;
  const told = (validate.errors ?? []).map(({ instancePath, message }) =>
    `${instancePath} ${message}`.trim(),
  );
  return fail('usage', `the action's input does not fit: ${told.join('; ')}`);
}
