import { ownEnvironment } from '../run-task/environment.ts';
import { ExitError, exitCode } from '../run-task/exit.ts';
import { fetchArtifacts } from '../run-task/fetches.ts';
import { tell } from '../run-task/log.ts';
import { type Arguments, type Syntax, readArguments, usage } from './arguments.ts';
import { archiveGitCheckout } from './git-checkout-archive.ts';
import { fetchStaticUrl } from './static-url.ts';
import { fetchTooltool } from './tooltool.ts';

type Environment = ReturnType<typeof ownEnvironment>;

interface Command extends Syntax {
  run(args: Arguments, environment: Environment): Promise<void>;
}

const commands: Readonly<Record<string, Command>> = {
  'static-url': {
    positionals: ['url', 'dest'],
    options: {
      sha256: { type: 'string' },
      size: { type: 'string' },
      'gpg-sig-url': { type: 'string' },
      'gpg-key-env': { type: 'string' },
      'strip-components': { type: 'string', default: '0' },
      'add-prefix': { type: 'string', default: '' },
      header: { type: 'string', short: 'H', multiple: true },
      'force-archive': { type: 'boolean' },
    },
    required: ['sha256', 'size'],
    run: fetchStaticUrl,
  },
  'git-checkout-archive': {
    positionals: ['repo', 'commit', 'dest'],
    options: {
      'path-prefix': { type: 'string' },
      'ssh-key-secret': { type: 'string' },
      'include-dot-git': { type: 'boolean' },
    },
    required: [],
    run: archiveGitCheckout,
  },
  'task-artifacts': {
    positionals: [],
    options: { dest: { type: 'string', short: 'd' } },
    required: [],
    run: fetchTaskArtifacts,
  },
  tooltool: {
    positionals: ['manifest'],
    options: {
      dest: { type: 'string', short: 'd', default: '.' },
      'cache-folder': { type: 'string' },
      url: { type: 'string', multiple: true },
    },
    required: [],
    run: fetchTooltool,
  },
};

/** Runs one of the commands; throws ExitError where it fails. */
export async function fetchContent(argv: readonly string[]): Promise<void> {
  const [name = '', ...rest] = argv;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const all = Object.entries(commands).map(([each, syntax]) => usage(each, syntax));
    const help = name === '-h' || name === '--help';
    tell(all.join('\n'));
    throw new ExitError(help ? 0 : exitCode.usage, help ? '' : `fetch-content: error: no command ${name}`);
  }
  await command.run(readArguments(name, command, rest), ownEnvironment());
}

async function fetchTaskArtifacts(args: Arguments, environment: Environment): Promise<void> {
  const dest = args.value('dest') ?? environment['MOZ_FETCHES_DIR'];
  if (dest === undefined || dest === '') {
    throw new ExitError(
      exitCode.usage,
      'fetch-content: error: neither --dest nor MOZ_FETCHES_DIR says where to',
    );
  }
  if (environment['MOZ_FETCHES'] === undefined) {
    throw new ExitError(exitCode.error, 'error: MOZ_FETCHES says nothing to fetch');
  }
  await fetchArtifacts({ ...environment, MOZ_FETCHES_DIR: dest });
}
