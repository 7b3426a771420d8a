import { Worker } from 'node:worker_threads';

/** In a thread of its own: tests wait for programs that ask it. */
const code = `
const { createServer } = require('node:http');
const { readFile } = require('node:fs');
const { join } = require('node:path');
const { parentPort, workerData } = require('node:worker_threads');
const server = createServer((request, response) => {
  readFile(join(workerData, decodeURIComponent(request.url)), (error, body) => {
    if (error) response.writeHead(404).end();
    else response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

/** Serves the files of a folder on loopback, each under its path. */
export async function serveFiles(folder: string): Promise<{ url: string; close(): Promise<unknown> }> {
  const worker = new Worker(code, { eval: true, workerData: folder });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return { url: `http://127.0.0.1:${port}`, close: () => worker.terminate() };
}
