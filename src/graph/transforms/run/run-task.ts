import {
  anything,
  described,
  either,
  flag,
  keys,
  listOf,
  mapOf,
  nullable,
  oneOf,
  type Shape,
  text,
} from '../../load/shape.ts';
import { isSet, listAt, mappingAt } from '../../payloads/payload.ts';
import { reference } from '../../payloads/shapes.ts';
import { isMapping, type Mapping } from '../../values/plain.ts';
import { DraftError } from '../draft-step.ts';
import type { Draft, TransformContext } from '../transform.ts';
import { addCheckout, layoutOf, wantedRepositories } from './checkout.ts';
import type { RunUsing } from './run-using.ts';
import { addToolCaches, useCachesShape } from './use-caches.ts';

const shells: Readonly<Record<string, readonly string[]>> = {
  bash: ['bash', '-cx'],
  powershell: ['powershell.exe', '-ExecutionPolicy', 'Bypass'],
};

const command: Shape = either(Array.isArray, listOf(reference), reference);
const workdir = described('The home of the command; default: /builds/worker.', text);
const required = {
  using: text,
  command: described('A line for the shell, or a list of words.', command),
  workdir,
};
/** Settings that a task started by run-task may have, whatever its command is. */
export const wrapperSettings: Readonly<Record<string, Shape>> = {
  checkout: described(
    'true, false, or the repositories of config.yml that are checked out: {<prefix>: {path, ...}}.',
    either((value) => typeof value === 'boolean', flag, mapOf(mapOf(anything))),
  ),
  'use-caches': described(
    'Caches of tools: true, false, or a list of names. Default: [checkout].',
    nullable(useCachesShape),
  ),
  'run-task-command': described('How run-task is started, when not as usual.', listOf(text)),
  'run-as-root': described('Whether the command runs as root.', nullable(flag)),
  'exec-with': described('The shell for a command that is one line.', oneOf(Object.keys(shells))),
};
const cwd = described('Where the command runs; "{checkout}" is the checkout.', text);
const optional = { ...wrapperSettings, cwd };

/** Starts a command with run-task. */
export const runTask: RunUsing = {
  implementations: ['docker-worker', 'generic-worker'],
  defaults: { checkout: true, 'run-as-root': false },
  shape: keys({ required, optional, unknown: 'allowed' }),
  known: [...Object.keys(required), ...Object.keys(optional)],
  configure(context, draft, run) {
    const docker = (draft['worker'] as Mapping)['implementation'] === 'docker-worker';
    if (docker) configureDocker(context, draft, run);
    else configureGeneric(context, draft, run);
  },
};

/** What both workers have in common; completes the options of run-task in `words`. */
function setUp(context: TransformContext, draft: Draft, run: Mapping, words: string[]): void {
  const repositories = wantedRepositories(context, run);
  if (repositories !== null) {
    words.push(...addCheckout(draft, run, repositories));
  } else if (typeof run['cwd'] === 'string' && run['cwd'].includes('{checkout}')) {
    throw new DraftError('"cwd" is in the checkout, but the task has none', ['run', 'cwd']);
  }
  if (typeof run['cwd'] === 'string') words.push('--task-cwd', run['cwd']);
  addToolCaches(context, draft, run, repositories === null ? null : layoutOf(repositories, run));
  mappingAt(draft['worker'] as Mapping, 'env')['MOZ_SCM_LEVEL'] = context.params.level;
}

function configureDocker(context: TransformContext, draft: Draft, run: Mapping): void {
  const words = [...((run['run-task-command'] ?? ['/usr/local/bin/run-task']) as string[])];
  setUp(context, draft, run, words);
  if (isSet(run['run-as-root'])) words.push('--user', 'root', '--group', 'root');
  const what = run['command'];
  const shell = shells[(run['exec-with'] ?? 'bash') as string]!;
  const rest = typeof what === 'string' || isMapping(what) ? [...shell, what] : (what as unknown[]);
  (draft['worker'] as Mapping)['command'] = [...words, '--', ...rest];
}

function configureGeneric(context: TransformContext, draft: Draft, run: Mapping): void {
  const worker = draft['worker'] as Mapping;
  const windows = worker['os'] === 'windows';
  const own = run['run-task-command'] as string[] | undefined;
  const usual = windows ? ['C:/mozilla-build/python3/python3.exe', 'run-task'] : ['./run-task'];
  const words = [...(isSet(own) ? own! : usual)];
  setUp(context, draft, run, words);
  const mounts = listAt(worker, 'mounts');
  mounts.push(mountOf(context, 'run-task'));
  if (isSet(mappingAt(worker, 'env')['MOZ_FETCHES'])) mounts.push(mountOf(context, 'fetch-content'));
  if (isSet(run['run-as-root'])) words.push('--user', 'root', '--group', 'root');
  words.push('--');
  if (worker['os'] === 'linux-bitbar') words.push('/builds/taskcluster/script.py');
  const what = run['command'];
  const shell = shells[(run['exec-with'] ?? 'bash') as string]!;
  const rest =
    typeof what === 'string'
      ? [...shell, windows ? `"${what}"` : what]
      : Array.isArray(what)
        ? (what as unknown[])
        : [...shell, what];
  const all = [...words, ...rest];
  worker['command'] = windows ? [shellLine(all)] : [['chmod', '+x', 'run-task'], all];
}

/** Windows takes one line: a reference within it cannot be told from a redirection. */
function shellLine(words: readonly unknown[]): string {
  if (words.every((word) => typeof word === 'string')) return words.join(' ');
  const hint = 'put it into worker.env and read the variable';
  throw new DraftError('a command on Windows cannot hold a reference', ['run', 'command'], hint);
}

/** The decision task publishes the scripts. */
function mountOf({ rootUrl, decisionTaskId }: TransformContext, script: string): Mapping {
  if (rootUrl === null) {
    throw new DraftError(
      'where Taskcluster is has to be known for generic-worker',
      ['worker-type'],
      'set TASKCLUSTER_ROOT_URL',
    );
  }
  const task = decisionTaskId ?? '<TASK_ID>';
  const url = `${rootUrl.replace(/\/+$/, '')}/api/queue/v1/task/${task}/artifacts/public/${script}`;
  return { content: { url }, file: `./${script}` };
}
