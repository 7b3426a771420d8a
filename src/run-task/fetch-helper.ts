import { Worker, parentPort, workerData } from 'node:worker_threads';
import { ExitError } from './exit.ts';
import { say, sayThrough } from './log.ts';
import { type FetchQueue, takeFetches } from './fetch-queue.ts';

/** Another thread that takes fetches from the same queue: hashing and unpacking keep a processor busy. */
export interface FetchHelper {
  /** rejects with what one of its fetches failed of */
  readonly ended: Promise<void>;
  stop(): void;
}

/** That it is up, what it says, or what it failed of. */
type Message = { prefix: string; text: string } | { code: number; message: string } | null;

/** Starts this very program once more, as a thread; {@link helpFetching} is all that it does there. */
export function startFetchHelper(queue: FetchQueue): FetchHelper {
  const worker = new Worker(new URL(import.meta.url), { workerData: queue, execArgv: [] });
  const ended = new Promise<void>((resolve, reject) => {
    let isUp = false;
    worker.on('message', (message: Message) => {
      isUp = true;
      if (message === null) return;
      if ('text' in message) say(message.prefix, message.text);
      else reject(new ExitError(message.code, message.message));
    });
    // One that cannot start takes no fetch: the task's user may not be allowed to read the program.
    worker.on('error', (error) => (isUp ? reject(error) : resolve()));
    worker.on('exit', () => resolve());
  });
  return { ended, stop: () => void worker.terminate() };
}

/** The whole of what the program does in a thread that is not its main one. */
export async function helpFetching(): Promise<void> {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, no window
  const tell = (message: Message) => parentPort?.postMessage(message);
  sayThrough((prefix, text) => tell({ prefix, text }));
  tell(null);
  try {
    await takeFetches(workerData as FetchQueue);
  } catch (error) {
    if (!(error instanceof ExitError)) throw error;
    tell({ code: error.code, message: error.message });
  }
}
