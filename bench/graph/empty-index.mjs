// A Taskcluster index and queue that know no task, on an ephemeral port of the loopback: compiling asks them, and the
// network has no part in the figures.
import { createServer } from 'node:http';

/** @returns the address as TASKCLUSTER_ROOT_URL has it, and how to close the server */
export async function serveEmptyIndex() {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const found = request.method === 'POST';
      response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(found ? { tasks: [], statuses: [] } : { code: 'ResourceNotFound', message: '' }),
      );
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { rootUrl: `http://127.0.0.1:${server.address().port}`, close };
}
