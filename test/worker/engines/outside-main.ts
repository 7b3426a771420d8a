import { ociEngine } from '../../../src/worker/engines/oci/oci.ts';
import { processEngine } from '../../../src/worker/engines/process.ts';
import type { Order } from './outside.ts';

const { engine: name, request } = JSON.parse(process.argv[2] ?? '') as Order;
const engine = name === 'process' ? processEngine() : ociEngine({ runtime: name });
const sandbox = await engine.prepare(request);
const exit = await sandbox.execute((chunk) => void process.stdout.write(chunk), new AbortController().signal);
await sandbox[Symbol.asyncDispose]();
process.stdout.write(JSON.stringify(exit));
