import type { Readable } from 'node:stream';
import { type Header, extract } from 'tar-stream';
import { ArchiveError } from './archive-error.ts';
import type { FileSink, Target } from './target.ts';

/** Unpacks a tar stream; rejects with what the stream, the file system or the archive has against it. */
export function unpackTar(stream: Readable, target: Target): Promise<void> {
  return new Promise((resolve, reject) => {
    const entries = extract();
    const fail = (error: Error) => {
      stream.destroy();
      entries.destroy();
      reject(error);
    };
    const guarded =
      <T extends unknown[]>(act: (...values: T) => void) =>
      (...values: T) => {
        try {
          act(...values);
        } catch (error) {
          fail(error as Error);
        }
      };
    entries.on('entry', (header, body, next) => {
      guarded(() => {
        const sink = begin(header, target);
        body.on(
          'data',
          guarded((chunk: unknown) => sink?.write(chunk as Uint8Array)),
        );
        body.on(
          'end',
          guarded(() => {
            sink?.close();
            next();
          }),
        );
        body.on('error', fail);
        body.resume();
      })();
    });
    entries.on('finish', resolve);
    entries.on('error', fail);
    stream.on('error', fail);
    stream.pipe(entries);
  });
}

function begin(header: Header, target: Target): FileSink | null {
  const { name, type, mode, mtime, linkname } = header;
  switch (type) {
    case 'file':
    case 'contiguous-file':
      return target.addFile(name, mode, mtime);
    case 'directory':
      target.addDirectory(name, mode, mtime);
      return null;
    case 'symlink':
      target.addSymlink(name, linkname ?? '');
      return null;
    case 'link':
      target.addLink(name, linkname ?? '');
      return null;
    case 'character-device':
    case 'block-device':
    case 'fifo':
    default:
      throw new ArchiveError(`${name}: neither file, directory nor link (${type ?? 'unknown'})`);
  }
}
