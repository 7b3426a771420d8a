import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { worldError } from './world-error.ts';

export interface PrivateFolder {
  readonly path: string;
  /** deletes it with all in it */
  dispose(): void;
}

/**
 * Makes a folder in TMPDIR that is ours alone, with these files. Throws ExitError with 1 where TMPDIR does not take it:
 * no cache is to blame for that, so none may be purged.
 */
export function makePrivateFolder(name: string, files: Readonly<Record<string, string>> = {}): PrivateFolder {
  try {
    const path = mkdtempSync(join(tmpdir(), `.${name}-`));
    const dispose = () => rmSync(path, { recursive: true, force: true });
    try {
      for (const [file, text] of Object.entries(files))
        writeFileSync(join(path, file), text, { mode: 0o600 });
    } catch (error) {
      dispose();
      throw error;
    }
    return { path, dispose };
  } catch (error) {
    throw worldError(`no temporary files in ${tmpdir()} (TMPDIR)`, error);
  }
}
