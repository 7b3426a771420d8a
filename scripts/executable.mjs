// The stand-alone executable holds both programs; the name that it is started by tells which one it is.
import { basename } from 'node:path';

if (basename(process.argv0) === 'fetch-content') await import('../dist/fetch-content.mjs');
else await import('../dist/run-task.mjs');
