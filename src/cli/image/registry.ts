import { fail, FailureError } from '../../base/failure.ts';
import { sha256 } from '../../base/hash.ts';
import { type ImageReference, parseImage } from './image-reference.ts';

/** What an image can be; for several platforms it is an index of one manifest each. */
const manifests = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

const timeout = 30_000;

/**
 * The digest of what an image's tag stands for now, `sha256:…`, as its registry says (OCI distribution API, as anybody).
 * Fails with `unavailable` when the registry cannot be reached or refuses, with `configuration` when it has no such image.
 */
export async function askDigest(image: string): Promise<string> {
  const reference = parseImage(image);
  const { registry, repository, tag } = reference;
  const url = `${registry}/v2/${repository}/manifests/${tag}`;
  let token: string | null = null;
  let answer = await ask(image, 'HEAD', url, token);
  if (answer.status === 401) {
    token = await askToken(image, answer.headers.get('www-authenticate') ?? '', reference);
    answer = await ask(image, 'HEAD', url, token);
  }
  if (answer.status === 404) fail('configuration', `there is no image ${image}: ${url} is not there`);
  if (!answer.ok) refuse(image, url, answer);
  const digest = answer.headers.get('docker-content-digest');
  // A registry may leave the header out: the digest is that of the manifest's bytes.
  return digest ?? `sha256:${sha256(Buffer.from(await download(image, url, token)))}`;
}

async function download(image: string, url: string, token: string | null): Promise<ArrayBuffer> {
  const answer = await ask(image, 'GET', url, token);
  return answer.ok ? answer.arrayBuffer() : refuse(image, url, answer);
}

/** `Bearer realm="…",service="…",scope="…"`: the token for a request is had from the realm. */
async function askToken(image: string, challenge: string, { repository }: ImageReference): Promise<string> {
  const words = new Map(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]): [string, string] => [name!, value!]),
  );
  const realm = words.get('realm');
  if (!/^bearer\s/i.test(challenge) || realm === undefined || !URL.canParse(realm)) {
    return fail(
      'unavailable',
      `the registry of ${image} wants a password`,
      'only public images can be pinned so far',
    );
  }
  const url = new URL(realm);
  const service = words.get('service');
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', words.get('scope') ?? `repository:${repository}:pull`);
  const answer = await ask(image, 'GET', url.href, null);
  if (!answer.ok) refuse(image, url.href, answer);
  const { token, access_token: other } = (await answer.json()) as { token?: string; access_token?: string };
  return token ?? other ?? fail('unavailable', `${url.href} gave no token for ${image}`);
}

async function ask(
  image: string,
  method: 'HEAD' | 'GET',
  url: string,
  token: string | null,
): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      headers: { accept: manifests, ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
      signal: AbortSignal.timeout(timeout),
    });
  } catch (error) {
    // What fetch rejects with when there is no answer: TypeError with the cause, or the time limit.
    if (!(error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')))
      throw error;
    const reason = error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message;
    throw new FailureError(
      { kind: 'unavailable', message: `the registry of ${image} cannot be reached: ${url}: ${reason}` },
      { cause: error },
    );
  }
}

function refuse(image: string, url: string, { status }: Response): never {
  const hint = status === 401 || status === 403 ? 'only public images can be pinned so far' : undefined;
  return fail('unavailable', `the registry of ${image} refuses: ${url}: ${status}`, hint);
}
