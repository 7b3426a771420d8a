#!/usr/bin/env node
// Starts cli.cjs with the code that V8 made of it when it was built: to compile it takes longer than to compile a small
// repository with it. A Node that is not the builder's refuses that code and compiles anew.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const folder = dirname(fileURLToPath(import.meta.url));
const filename = join(folder, 'cli.cjs');
const cache = join(folder, 'cli.cache');
const program = new Script(
  `(function (exports, require, module, __filename, __dirname) {${readFileSync(filename, 'latin1')}\n})`,
  {
    filename,
    ...(existsSync(cache) ? { cachedData: readFileSync(cache) } : {}),
  },
);
const module = { exports: {} };
program.runInThisContext()(module.exports, createRequire(filename), module, filename, folder);

/** For the build: what V8 has compiled so far. */
export const codeCache = () => program.createCachedData();
