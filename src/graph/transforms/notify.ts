import {
  anything,
  custom,
  described,
  drawSchema,
  keyedBy,
  keys,
  listOf,
  nullable,
  oneOf,
  restricted,
  type Shape,
  text,
} from '../load/shape.ts';
import { statusTypes } from '../notify-filters.ts';
import { resolveKeyedBy } from '../values/keyed-by.ts';
import { isMapping, type Mapping, own, setOwn } from '../values/plain.ts';
import { formatPython } from '../values/python-format.ts';
import { pythonText } from '../values/python-text.ts';
import { DraftError, inField, stepThrough } from './draft-step.ts';
import { shaped } from './draft-shape.ts';
import type { Draft, Transform, TransformContext } from './transform.ts';

/** The key of each type of recipient that goes into the route. */
const addressKeys: Readonly<Record<string, string>> = {
  email: 'address',
  'matrix-room': 'room-id',
  pulse: 'routing-key',
  'slack-channel': 'channel-id',
};

const statusType = oneOf(statusTypes);
const keyedAddress = keyedBy(['project', 'level'], text);
const recipientShapes: ReadonlyMap<string, Shape> = new Map(
  Object.entries(addressKeys).map(([type, key]) => [
    type,
    keys({
      required: { type: oneOf([type]), [key]: type === 'email' ? keyedAddress : text },
      optional: { 'status-type': nullable(statusType) },
    }),
  ]),
);
const unknownRecipient = keys({
  required: { type: oneOf(Object.keys(addressKeys)) },
  optional: { 'status-type': nullable(statusType) },
  unknown: 'allowed',
});
const recipientShape: Shape = custom(
  () => ({ oneOf: [...recipientShapes.values()].map(drawSchema) }),
  (value, path, tell) => {
    const type = isMapping(value) ? value.type : undefined;
    const shape = typeof type === 'string' ? recipientShapes.get(type) : undefined;
    (shape ?? unknownRecipient)(value, path, tell);
  },
);
const contentShape = keys({
  optional: {
    email: keys({
      optional: { subject: text, content: text, link: keys({ required: { text, href: text } }) },
    }),
    matrix: keys({ optional: { body: text, 'formatted-body': text, format: text, 'msg-type': text } }),
    slack: keys({ optional: { text, blocks: listOf(anything), attachments: listOf(anything) } }),
  },
});
/** Keys of a task that `notify` knows. */
export const notifyKeys: Readonly<Record<string, Shape>> = {
  notify: described(
    'Who is told when the task ends.',
    nullable(
      keys({
        required: { recipients: listOf(recipientShape) },
        optional: { content: nullable(contentShape) },
      }),
    ),
  ),
  notifications: described(
    'The older form of "notify", for mail alone.',
    nullable(
      keys({
        required: { emails: keyedBy(['project', 'level'], listOf(text)), subject: text },
        optional: { message: text, 'status-types': listOf(statusType) },
      }),
    ),
  ),
};
const shape: Shape = restricted(keys({ optional: notifyKeys, unknown: 'allowed' }), (value, _, tell) => {
  if (isMapping(value) && isMapping(value.notify) && isMapping(value.notifications)) {
    tell({ message: '"notify" and "notifications" exclude each other', path: ['notifications'] });
  }
});

/**
 * `notify`, or `notifications` in the older form: adds a route for every recipient, and the content as `extra.notify`.
 * `{task[…]}` and `{config[…]}` are filled in texts.
 */
export const notify: Transform = (context, drafts) =>
  stepThrough(context, shaped(context, drafts, { shape }), (draft) => {
    const { notify: modern, notifications: legacy, ...task } = draft;
    const field = isMapping(legacy) ? 'notifications' : 'notify';
    return inField([field], () => {
      const wanted = isMapping(legacy) ? modernize(context, task, legacy) : modern;
      if (isMapping(wanted) && Object.keys(wanted).length > 0) addNotifications(context, task, wanted);
      return task;
    });
  });

function addNotifications(context: TransformContext, task: Draft, wanted: Mapping): void {
  const fields = { task, config: configFields(context) };
  const routes = (wanted.recipients as readonly Mapping[]).map((given) => {
    const recipient = fillTexts({ ...given, 'status-type': given['status-type'] ?? 'on-completed' }, fields);
    const type = String(recipient.type);
    if (type === 'email') resolveForProject(context, task, recipient, 'address');
    const address = pythonText(own(recipient, addressKeys[type]!));
    return `notify.${type}.${address}.${pythonText(recipient['status-type'])}`;
  });
  // Only who has something to add to them minds: all others look at them later, with the rest of the task.
  const present = task.routes ?? [];
  if (!Array.isArray(present)) throw new DraftError('"routes" must be a list', ['routes']);
  task.routes = [...(present as unknown[]), ...routes];
  const content = own(wanted, 'content');
  if (isMapping(content)) {
    task.extra = {
      ...(isMapping(task.extra) ? task.extra : {}),
      notify: contentForService(fillTexts(content, fields)),
    };
  }
}

/** The older form, `{emails, subject, message, status-types}`, in the newer one. */
function modernize(context: TransformContext, task: Draft, given: Mapping): Mapping {
  const legacy = { ...given };
  resolveForProject(context, task, legacy, 'emails');
  const statusTypes = (legacy['status-types'] ?? ['on-completed']) as readonly string[];
  return {
    recipients: (legacy.emails as readonly string[]).flatMap((address) =>
      statusTypes.map((statusType) => ({ type: 'email', address, 'status-type': statusType })),
    ),
    content: { email: { subject: legacy.subject, content: legacy.message ?? legacy.subject } },
  };
}

function resolveForProject(context: TransformContext, task: Draft, holder: Mapping, field: string): void {
  const { level, project } = context.params;
  resolveKeyedBy(holder, field, `${context.kind}-${pythonText(task.name)}`, { level, project });
}

/** What `{config[…]}` can name. */
function configFields({
  kind,
  path,
  config,
  params,
  graphConfig,
  writeArtifacts,
}: TransformContext): Mapping {
  return { kind, path, config, params, graph_config: graphConfig, write_artifacts: writeArtifacts };
}

/** A copy with the texts in mappings filled; lists stay as they are. */
function fillTexts(mapping: Mapping, fields: Mapping): Mapping {
  const filled: Mapping = {};
  for (const [key, value] of Object.entries(mapping)) {
    const text = typeof value === 'string' ? formatPython(value, fields) : value;
    setOwn(filled, key, isMapping(text) ? fillTexts(text, fields) : text);
  }
  return filled;
}

/** Content as the notify service takes it: `email` as it is, `matrix: {msg-type}` as `matrixMsgType`. */
function contentForService(content: Mapping): Mapping {
  const result: Mapping = {};
  if (Object.hasOwn(content, 'email')) result.email = content.email;
  for (const [service, parts] of Object.entries(content)) {
    if (service === 'email' || !isMapping(parts)) continue;
    for (const [name, value] of Object.entries(parts)) {
      const words = name.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase());
      result[service + words.join('')] = value;
    }
  }
  return result;
}
