import { fail } from '../../base/failure.ts';

/** An image of a registry. */
export interface ImageReference {
  /** where the registry's API is, without a slash at its end */
  readonly registry: string;
  /** e.g. `library/debian` */
  readonly repository: string;
  readonly tag: string;
}

const hosts = /(?:[A-Za-z0-9][^/]*[.:][^/]*|\[[^/\]]+\](?::\d+)?|localhost)/.source;
const word = '[a-z0-9]+(?:[._-]+[a-z0-9]+)*';
const name = new RegExp(`^(?:(${hosts})/)?(${word}(?:/${word})*)(?::(\\w[\\w.-]{0,127}))?$`);

/** Docker's names: without a registry it is Docker Hub's, without a tag it is `latest`. Fails with `configuration`. */
export function parseImage(image: string): ImageReference {
  const [, host, path, tag = 'latest'] = name.exec(image) ?? [];
  if (path === undefined) fail('configuration', `"${image}" is not the name of an image in a registry`);
  if (host === undefined || host === 'docker.io' || host === 'index.docker.io') {
    const repository = path.includes('/') ? path : `library/${path}`;
    return { registry: 'https://registry-1.docker.io', repository, tag };
  }
  return { registry: `${isThisMachine(host) ? 'http' : 'https'}://${host}`, repository: path, tag };
}

/** As Docker does: a registry on this machine needs no certificate. */
function isThisMachine(host: string): boolean {
  return /^(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?$/.test(host);
}
