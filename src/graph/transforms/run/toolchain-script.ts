import { posix } from 'node:path';
import { trackedFilesOf } from '../../caches/tracked-files-of.ts';
import { described, either, keys, listOf, mapOf, anything, text } from '../../load/shape.ts';
import { listAt, mappingAt } from '../../payloads/payload.ts';
import { isMapping, type Mapping } from '../../values/plain.ts';
import { HintedError } from '../../values/hinted-error.ts';
import { DraftError } from '../draft-step.ts';
import type { Draft, TransformContext } from '../transform.ts';
import { artifactPrefix } from './artifact-prefix.ts';
import { sourceFolder } from './checkout.ts';
import { runTask, wrapperSettings } from './run-task.ts';
import type { RunUsing } from './run-using.ts';

const scripts = 'taskcluster/scripts/toolchain/';
const required = {
  using: text,
  script: described(`The script, below ${scripts}.`, text),
  'toolchain-artifact': described('The artifact that the script makes.', text),
  workdir: text,
};
const optional = {
  ...wrapperSettings,
  arguments: described('Words that the script is given.', listOf(text)),
  resources: described('Globs of further files that determine the result.', listOf(text)),
  'toolchain-alias': described(
    'Other names of the task in "fetches".',
    either(Array.isArray, listOf(text), text),
  ),
  'toolchain-env': described('Variables for tasks that fetch the result.', mapOf(anything)),
};

/** Builds a tool with a script of the repository; the index keeps what it built while its inputs are the same. */
export const toolchainScript: RunUsing = {
  implementations: ['docker-worker', 'generic-worker'],
  shape: keys({ required, optional, unknown: 'allowed' }),
  known: [...Object.keys(required), ...Object.keys(optional)],
  configure(context, draft, run) {
    const worker = draft['worker'] as Mapping;
    const docker = worker['implementation'] === 'docker-worker';
    worker['chain-of-trust'] = true;
    if (docker) worker['docker-image'] ??= { 'in-tree': 'toolchain-build' };
    addArtifacts(draft, run, docker);
    Object.assign(mappingAt(worker, 'env'), {
      MOZ_BUILD_DATE: context.params.moz_build_date,
      MOZ_SCM_LEVEL: context.params.level,
    });
    const attributes = mappingAt(draft, 'attributes');
    for (const key of ['toolchain-artifact', 'toolchain-alias', 'toolchain-env']) {
      if (key in run) attributes[key] = run[key];
      delete run[key];
    }
    const name = String(draft['label']).replace(`${context.kind}-`, '');
    draft['cache'] = { type: 'toolchains.v3', name, 'digest-data': digestData(context, draft, run) };

    const script = posix.normalize(scripts + String(run['script']));
    const words = [`${sourceFolder(worker)}/${script}`, ...((run['arguments'] ?? []) as string[])];
    for (const key of ['script', 'arguments', 'resources']) delete run[key];
    run['using'] = 'run-task';
    run['cwd'] = '{checkout}/..';
    if (script.endsWith('.ps1')) run['exec-with'] = 'powershell';
    // The first word may hold a variable that the shell is to replace.
    run['command'] = docker ? words : [words[0]!, ...words.slice(1).map(quote)].join(' ');
    for (const [key, value] of Object.entries(runTask.defaults ?? {})) run[key] ??= value;
    runTask.configure(context, draft, run);
  },
};

function addArtifacts(draft: Draft, run: Mapping, docker: boolean): void {
  const worker = draft['worker'] as Mapping;
  const artifacts = listAt(worker, 'artifacts');
  if (artifacts.some((artifact) => isMapping(artifact) && artifact['name'] === 'public/build')) return;
  const name = artifactPrefix(draft);
  const path = docker ? `${String(run['workdir'])}/artifacts/` : name;
  if (docker) mappingAt(worker, 'env')['UPLOAD_DIR'] = path;
  artifacts.push({ name, path, type: 'directory' });
}

function digestData(context: TransformContext, draft: Draft, run: Mapping): string[] {
  const image = (draft['worker'] as Mapping)['docker-image'];
  const inTree = isMapping(image) && typeof image['in-tree'] === 'string' ? [image['in-tree']] : [];
  const files = [...((run['resources'] ?? []) as string[]), posix.normalize(scripts + String(run['script']))];
  try {
    const digest = trackedFilesOf(context).digest(files);
    const artifact = String((draft['attributes'] as Mapping)['toolchain-artifact']);
    return [digest, artifact, ...inTree, ...((run['arguments'] ?? []) as string[])];
  } catch (error) {
    if (!(error instanceof HintedError)) throw error;
    throw new DraftError(error.message, ['run', 'script'], error.hint);
  }
}

function quote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
