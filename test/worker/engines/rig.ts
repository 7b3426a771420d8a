import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCgroup, removeCgroup } from '../../../src/worker/engines/cgroup.ts';
import type { Engine, Exit, Sandbox, SandboxRequest } from '../../../src/worker/engines/engine.ts';
import { limitMemory } from '../../../src/worker/engines/memory.ts';

/** A folder for one test, and sandboxes of one engine in it. */
export class Rig {
  readonly folder = mkdtempSync(join(tmpdir(), 'caisson-engine-'));
  readonly #engine: Engine;
  #sandboxes = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async prepare(request: Partial<SandboxRequest>): Promise<Sandbox> {
    const id = `test-${process.pid}-${this.#sandboxes++}`;
    const scratch = this.directory(`scratch-${id}`);
    return this.#engine.prepare({
      id,
      scratch,
      commands: [['true']],
      env: {},
      mounts: [],
      network: 'host',
      ...request,
    });
  }

  /** Runs a sandbox from beginning to end. */
  async run(request: Partial<SandboxRequest>, signal = new AbortController().signal): Promise<Run> {
    await using sandbox = await this.prepare(request);
    return await executed(sandbox, signal); // awaited: else the sandbox would be disposed of first
  }

  shell(script: string, request: Partial<SandboxRequest> = {}): Promise<Run> {
    return this.run({ commands: [['sh', '-c', script]], ...request });
  }

  directory(name: string): string {
    const path = join(this.folder, name);
    mkdirSync(path);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface Run {
  readonly exit: Exit;
  readonly output: string;
}

export async function executed(sandbox: Sandbox, signal = new AbortController().signal): Promise<Run> {
  const chunks: Uint8Array[] = [];
  const exit = await sandbox.execute((chunk) => void chunks.push(chunk), signal);
  return { exit, output: Buffer.concat(chunks).toString() };
}

/** Does this machine let us limit the memory of sandboxes? */
export const limitsMemory = await (async (): Promise<boolean> => {
  const cgroup = createCgroup('probe');
  try {
    return limitMemory(cgroup, 1e9);
  } finally {
    if (cgroup) await removeCgroup(cgroup);
  }
})();

/** Processes of this machine, ended ones left out, that have a word on their command line. */
export function processesWith(word: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^[0-9]+$/.test(pid)) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return command.includes(word) ? [`${pid} ${command.join(' ')}`] : [];
    } catch {
      return []; // ended while we looked
    }
  });
}

let words = 0;
/** A number of seconds that nobody else sleeps. */
export function uniqueSleep(): string {
  return `${1_000_000 + process.pid}.${words++}`;
}
