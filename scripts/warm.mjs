// Compiles an example with the CLI that was just built and writes down the code that V8 made for it.
import { renameSync, writeFileSync } from 'node:fs';

const [, , file] = process.argv;
process.argv.splice(2, 1, 'graph', 'full', '-J', '-r', 'examples/hello/taskcluster');
const { codeCache } = await import('../dist/cli.mjs');
process.on('exit', () => {
  writeFileSync(`${file}.new`, codeCache());
  renameSync(`${file}.new`, file);
});
