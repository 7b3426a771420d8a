import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isUnreadable } from '../values/unreadable.ts';
import { flag, integer, keys, mapOf, nullable, type Shape, text } from '../load/shape.ts';
import { isMapping, type Mapping, own } from '../values/plain.ts';
import { formatPython } from '../values/python-format.ts';
import { pythonText } from '../values/python-text.ts';
import { DraftError } from './draft-step.ts';
import type { TransformContext } from './transform.ts';

/** How a fetch task does its work. */
export interface FetchCommand {
  readonly command: readonly string[];
  readonly artifactName: string;
  readonly env: Readonly<Record<string, string>>;
  /** all that determines the artifact; equal lines, equal artifact */
  readonly digestData: readonly string[];
  /** the secret that the task reads */
  readonly secret?: string;
}

/** A type of `fetch`, and its keys beside `type`. */
export interface FetchBuilder {
  readonly required: Readonly<Record<string, Shape>>;
  readonly optional: Readonly<Record<string, Shape>>;
  /** Throws DraftError. */
  build(wanted: Mapping, context: TransformContext): FetchCommand;
}

const signatureShape = keys({ required: { 'sig-url': text, 'key-path': text } });

export const fetchBuilders: ReadonlyMap<string, FetchBuilder> = new Map<string, FetchBuilder>([
  [
    'static-url',
    {
      required: { url: text, sha256: text, size: integer },
      optional: {
        'gpg-signature': nullable(signatureShape),
        'artifact-name': nullable(text),
        'strip-components': nullable(integer),
        'add-prefix': nullable(text),
        headers: nullable(mapOf(text)),
      },
      build: fetchUrl,
    },
  ],
  [
    'git',
    {
      required: { repo: text, revision: text },
      optional: {
        'include-dot-git': nullable(flag),
        'artifact-name': nullable(text),
        'path-prefix': nullable(text),
        'ssh-key': nullable(text),
      },
      build: fetchGit,
    },
  ],
]);

const artifactFolder = '/builds/worker/artifacts';

function fetchUrl(wanted: Mapping, { repository }: TransformContext): FetchCommand {
  const url = String(wanted.url);
  const artifactName = optionalText(wanted, 'artifact-name') ?? url.slice(url.lastIndexOf('/') + 1);
  const strip = wanted['strip-components'];
  const addPrefix = optionalText(wanted, 'add-prefix');
  const checked = [
    '--sha256',
    String(wanted.sha256),
    '--size',
    String(wanted.size),
    ...(strip ? ['--strip-components', pythonText(strip)] : []),
    ...(addPrefix === undefined ? [] : ['--add-prefix', addPrefix]),
  ];
  const signature = own(wanted, 'gpg-signature');
  const signed = isMapping(signature)
    ? signatureCheck(signature, url, repository)
    : { arguments: [], env: {} };
  const headers = isMapping(wanted.headers) ? Object.entries(wanted.headers) : [];
  return {
    command: [
      'fetch-content',
      'static-url',
      ...checked,
      ...signed.arguments,
      ...headers.flatMap(([name, value]) => ['-H', `${name}:${String(value)}`]),
      url,
      `${artifactFolder}/${artifactName}`,
    ],
    artifactName,
    env: signed.env,
    // A signature is a second proof of what the hash says already.
    digestData: [...checked, artifactName],
  };
}

function signatureCheck(
  signature: Mapping,
  url: string,
  repository: string,
): { arguments: string[]; env: Record<string, string> } {
  const keyPath = String(signature['key-path']);
  let key: string;
  try {
    key = readFileSync(join(repository, keyPath), 'utf8');
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    throw new DraftError(`there is no file "${keyPath}"`, ['fetch', 'gpg-signature', 'key-path']);
  }
  const signatureUrl = formatPython(String(signature['sig-url']), { url });
  return {
    arguments: ['--gpg-sig-url', signatureUrl, '--gpg-key-env', 'FETCH_GPG_KEY'],
    env: { FETCH_GPG_KEY: key },
  };
}

function fetchGit(wanted: Mapping): FetchCommand {
  const repo = String(wanted.repo);
  const revision = String(wanted.revision);
  if (!/^[0-9a-fA-F]{40}/.test(revision)) {
    throw new DraftError(`"${revision}" is not a full commit hash`, ['fetch', 'revision']);
  }
  const withoutSlash = repo.replace(/\/+$/, '');
  const pathPrefix =
    optionalText(wanted, 'path-prefix') ?? withoutSlash.slice(withoutSlash.lastIndexOf('/') + 1);
  const artifactName = optionalText(wanted, 'artifact-name') ?? `${pathPrefix}.tar.zst`;
  const sshKey = optionalText(wanted, 'ssh-key');
  const includesGit = wanted['include-dot-git'] === true;
  return {
    command: [
      'fetch-content',
      'git-checkout-archive',
      '--path-prefix',
      pathPrefix,
      repo,
      revision,
      `${artifactFolder}/${artifactName}`,
      ...(sshKey === undefined ? [] : ['--ssh-key-secret', sshKey]),
      ...(includesGit ? ['--include-dot-git'] : []),
    ],
    artifactName,
    env: {},
    digestData: [revision, pathPrefix, artifactName, ...(includesGit ? ['.git'] : [])],
    ...(sshKey === undefined ? {} : { secret: sshKey }),
  };
}

/** A text; undefined when it is absent or empty. */
function optionalText(mapping: Mapping, key: string): string | undefined {
  const value = own(mapping, key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
