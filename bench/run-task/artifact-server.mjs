// Serves the files of a folder as artifacts of any task, on loopback; prints its port. A process of its own.
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';

const folder = process.argv[2];
// From memory: the server must not be what is measured.
const files = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
const server = createServer((request, response) => {
  response.end(files.get(basename(request.url)));
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
