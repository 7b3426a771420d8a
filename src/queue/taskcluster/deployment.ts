import { FailureError } from '../../base/failure.ts';

/** A Taskcluster deployment, or the proxy of a task, and who we are there. */
export interface Deployment {
  /** without a slash at its end */
  readonly url: string;
  /** null: anonymous; a task's proxy adds the task's own */
  readonly credentials: Credentials | null;
  /** milliseconds before the first repetition, doubled for each one after it; default 500 */
  readonly pause?: number;
  /** how often a request that fails is sent in all; default 5 */
  readonly attempts?: number;
}

export interface Credentials {
  readonly clientId: string;
  readonly accessToken: string;
  /** of temporary credentials, parsed */
  readonly certificate?: unknown;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The deployment that the environment names: a task's proxy, else the root URL with the client in TASKCLUSTER_CLIENT_ID,
 * TASKCLUSTER_ACCESS_TOKEN and TASKCLUSTER_CERTIFICATE; null when it names none.
 */
export function environmentDeployment(environment: Environment): Deployment | null {
  const { TASKCLUSTER_PROXY_URL: proxy, TASKCLUSTER_ROOT_URL: root } = environment;
  if (proxy) return { url: trimmed(proxy), credentials: null };
  return root ? { url: trimmed(root), credentials: environmentCredentials(environment) } : null;
}

function environmentCredentials(environment: Environment): Credentials | null {
  const { TASKCLUSTER_CLIENT_ID: clientId, TASKCLUSTER_ACCESS_TOKEN: accessToken } = environment;
  const { TASKCLUSTER_CERTIFICATE: certificate } = environment;
  if (!clientId || !accessToken) return null;
  if (!certificate) return { clientId, accessToken };
  try {
    return { clientId, accessToken, certificate: JSON.parse(certificate) as unknown };
  } catch (error) {
    throw new FailureError(
      { kind: 'usage', message: 'TASKCLUSTER_CERTIFICATE is not well formed JSON' },
      { cause: error },
    );
  }
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '');
}
