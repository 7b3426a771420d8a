import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const filesOfDirectory = 100;
const directoriesOfDirectory = 100;

/** Makes files of `bytes` each, a hundred to a directory, as sources and packages have them. */
export function fillTree(directory, files, bytes = 100) {
  const content = Buffer.alloc(bytes, 'x');
  let folder = directory;
  for (let at = 0; at < files; at++) {
    if (at % filesOfDirectory === 0) {
      const number = at / filesOfDirectory;
      folder = join(directory, `a${Math.floor(number / directoriesOfDirectory)}`, `b${number}`);
      mkdirSync(folder, { recursive: true });
    }
    writeFileSync(join(folder, `file-${at}`), content);
  }
}
