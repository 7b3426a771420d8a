import { rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseJson } from './json.ts';
import type { Environment } from './environment.ts';
import { ExitError, exitCode } from './exit.ts';
import { downloadText } from './download.ts';
import { say } from './log.ts';
import { makePrivateFolder } from './private-folder.ts';

export interface SshKey {
  /** for GIT_SSH_COMMAND */
  readonly command: string;
  /** deletes the key */
  dispose(): void;
}

/** GitHub's public host keys. */
const knownHosts = [
  'github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl',
  'github.com ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=',
  'github.com ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQCj7ndNxQowgcQnjshcLrqPEiiphnt+VTTvDP6mHBL9j1aNUkY4Ue1gvwnGLVlOhGeYrnZaMgRK6+PKCUXaDbC7qtbW8gIkhL7aGCsOr/C56SJMy/BCZfxd1nWzAOxSDPgVsmerOBYfNqltV9/hWCqBywINIR+5dIg6JTJ72pcEpEjcYgXkE2YEFXV1JHnsKgbLWNlhScqb2UmyRkQyytRLtL+38TGxkxCflmO+5Z8CSSNY7GidjMIZ7Q4zMjA2n1nGrlTDkzwDCsw+wqFPGQA179cnfGWOWRVruj16z6XyvxvjJwbz0wQZ75XK5tKSb7FNyeIEs4TT4jk+S4dhPeAUC5y+bDYirYgM4GC7uEnztnZyaVWQ7B381AK4Qdrwt51ZqExKbQpTUNn+EjqoTwvqNj4kqx5QUCI0ThS/YkOxJCXmPUWZbhjpCg56i+2aB6CmK2JGhn57K5mj0MNdBXA4/WnwH6XoPWJzK5Nyu2zB3nAZp+S5hpQs+p1vN1/wsjk=',
];

/** Gets a deploy key from the secrets service into a private folder; throws ExitError when it is not to be had. */
export async function fetchSshKey(secret: string, environment: Environment): Promise<SshKey> {
  const proxy = (environment['TASKCLUSTER_PROXY_URL'] || 'http://taskcluster').replace(/\/$/, '');
  const url = `${proxy}/secrets/v1/secret/${secret}`;
  say('vcs', `fetching secret ${secret} from ${url}`);
  const key = keyIn(parseJson(await downloadText(url)));
  if (key === null) throw new ExitError(exitCode.error, `error: secret ${secret} has no secret.ssh_privkey`);

  // What a killed run of an earlier wrapper left.
  rmSync(join(environment['HOME'] ?? homedir(), '.ssh-run-task'), { recursive: true, force: true });
  const folder = makePrivateFolder('run-task-ssh', {
    private_ssh_key: key,
    known_hosts: `${knownHosts.join('\n')}\n`,
  });
  const options = [
    `-oIdentityFile=${join(folder.path, 'private_ssh_key')}`,
    '-oStrictHostKeyChecking=yes',
    `-oUserKnownHostsFile=${join(folder.path, 'known_hosts')}`,
  ];
  return { command: ['ssh', ...options].join(' '), dispose: () => folder.dispose() };
}

function keyIn(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('secret' in value)) return null;
  const { secret } = value;
  if (typeof secret !== 'object' || secret === null || !('ssh_privkey' in secret)) return null;
  return typeof secret.ssh_privkey === 'string' ? secret.ssh_privkey : null;
}
