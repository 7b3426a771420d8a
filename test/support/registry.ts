import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LoopbackRegistry {
  /** `127.0.0.1:<port>`: what image names begin with */
  readonly host: string;
  /** `METHOD path`, in the order in which they came */
  readonly asked: string[];
  /** by `repository:tag`: the manifest's text */
  readonly manifests: Map<string, string>;
  /** what a digest header is told for every manifest; null: none */
  digest: ((manifest: string) => string) | null;
  close(): Promise<void>;
}

/** An image registry that wants a token for everything, and gives one to anybody who asks with the right words. */
export async function startRegistry(): Promise<LoopbackRegistry> {
  const asked: string[] = [];
  const manifests = new Map<string, string>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, `http://${registry.host}`);
    asked.push(`${request.method} ${pathname}`);
    if (pathname === '/token') {
      const token = `${searchParams.get('service')} ${searchParams.get('scope')}`;
      response.end(JSON.stringify({ token: Buffer.from(token).toString('base64') }));
      return;
    }
    const [, repository, tag] = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(pathname) ?? [];
    const scope = `repository:${repository}:pull`;
    const token = Buffer.from(`test ${scope}`).toString('base64');
    if (request.headers.authorization !== `Bearer ${token}`) {
      const challenge = `Bearer realm="http://${registry.host}/token",service="test",scope="${scope}"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return;
    }
    const manifest = manifests.get(`${repository}:${tag}`);
    if (manifest === undefined || !request.headers.accept?.includes('image.index')) {
      response.writeHead(404).end();
      return;
    }
    const header = registry.digest === null ? {} : { 'docker-content-digest': registry.digest(manifest) };
    response.writeHead(200, header).end(request.method === 'HEAD' ? '' : manifest);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const registry: LoopbackRegistry = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    manifests,
    digest: null,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return registry;
}
