import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { drawDiagnostic } from '../../../src/base/diagnostic.ts';
import { FailureError } from '../../../src/base/failure.ts';
import type { CompileRequest } from '../../../src/graph/compile.ts';
import type { Parameters } from '../../../src/graph/parameters/parameters.ts';

export const configYml = `trust-domain: acme
task-priority: low
workers:
  aliases:
    linux: {provisioner: acme, implementation: docker-worker, os: linux, worker-type: 'linux-{level}'}
    misc: {provisioner: acme, implementation: docker-worker, os: linux, worker-type: misc}
taskgraph:
  repositories:
    app: {name: App}
`;

export const parameters: Parameters = {
  base_repository: 'https://github.com/acme/app',
  base_ref: 'refs/heads/main',
  base_rev: '1111111111111111111111111111111111111111',
  build_date: 1_700_000_000,
  build_number: 1,
  do_not_optimize: [],
  enable_always_target: true,
  existing_tasks: {},
  files_changed: [],
  filters: ['target_tasks_method'],
  head_ref: 'refs/heads/main',
  head_repository: 'https://github.com/acme/app',
  head_rev: '2222222222222222222222222222222222222222',
  head_tag: '',
  level: '1',
  moz_build_date: '20231114221320',
  next_version: null,
  optimize_strategies: null,
  optimize_target_tasks: true,
  owner: 'dev@example.com',
  project: 'app',
  pushdate: 1_700_000_000,
  pushlog_id: '0',
  repository_type: 'git',
  target_tasks_method: 'default',
  tasks_for: 'github-push',
  version: null,
};

/** A folder with these files, gone after the test. */
export function workTree(files: Readonly<Record<string, string>>): string {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'caisson-graph-')));
  onTestFinished(() => rmSync(top, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(top, name)), { recursive: true });
    writeFileSync(join(top, name), text);
  }
  return top;
}

/** A request to compile these files; `kinds` are kind.yml files by kind. */
export function requestFor(
  kinds: Readonly<Record<string, string>>,
  options: Partial<CompileRequest> & {
    readonly config?: string;
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): CompileRequest {
  const { config = configYml, files = {}, ...request } = options;
  const kindFiles = Object.entries(kinds).map(([kind, text]) => [`taskcluster/kinds/${kind}/kind.yml`, text]);
  return {
    root: 'taskcluster',
    repository: workTree({ 'taskcluster/config.yml': config, ...Object.fromEntries(kindFiles), ...files }),
    parameters,
    wrapper: { 'run-task': 'ab'.repeat(32), 'fetch-content': 'ef'.repeat(32) },
    rootUrl: 'https://tc.example.com',
    index: null,
    ...request,
  };
}

/** What a person reads of the failure with which something ends. */
export async function failureText(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const { kind, message, hint, diagnostics = [] } = error.failure;
    const last = `${kind}: ${message}${hint === undefined ? '' : `\n  hint: ${hint}`}`;
    return `\n${[...diagnostics.map(drawDiagnostic), last].join('\n')}\n`;
  }
  throw new Error('it did not fail');
}

export function runGit(args: readonly string[], cwd: string): string {
  const identity = {
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@b',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@b',
  };
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', ...identity };
  const done = spawnSync('git', args, { cwd, encoding: 'utf8', env });
  if (done.status !== 0) throw new Error(done.stderr);
  return done.stdout.trim();
}
