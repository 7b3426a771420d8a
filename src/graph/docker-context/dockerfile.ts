import { DockerContextError } from './context-error.ts';

/** A Dockerfile after its special comments have been read. */
export interface ReadDockerfile {
  readonly text: string;
  /** paths of `# %include`, relative to the repository's top, as written */
  readonly includes: readonly string[];
  /** `# %include-run-task` occurs */
  readonly includesRunTask: boolean;
}

const runTaskLines = [
  'COPY run-task/run-task /usr/local/bin/run-task\n',
  'COPY run-task/fetch-content /usr/local/bin/fetch-content\n',
];

/**
 * Reads the special comments of a Dockerfile: `# %ARG NAME` puts the argument's value in place of `$NAME` in the lines
 * below, `# %include PATH` adds files to the context, `# %include-run-task` adds the wrapper and the lines that install
 * it. Throws DockerContextError for an argument that was not given.
 */
export function readDockerfile(source: string, args: Readonly<Record<string, string>>): ReadDockerfile {
  const lines: string[] = [];
  const includes: string[] = [];
  const given: { pattern: RegExp; value: string }[] = [];
  let includesRunTask = false;
  for (const sourceLine of source.replace(/\r\n?/g, '\n').match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    if (sourceLine.startsWith('# %ARG')) {
      const name = sourceLine.slice('# %ARG '.length).trim();
      if (!Object.hasOwn(args, name)) {
        throw new DockerContextError(
          `the Dockerfile needs the argument "${name}", which "args" does not give`,
        );
      }
      given.push({
        pattern: new RegExp(`\\$${escapeRegex(name)}(?![\\p{L}\\p{N}_])`, 'gu'),
        value: args[name]!,
      });
      continue;
    }
    const line = given.reduce((text, { pattern, value }) => text.replace(pattern, () => value), sourceLine);
    lines.push(line);
    if (line.trim() === '# %include-run-task') {
      lines.push(...runTaskLines);
      includesRunTask = true;
    } else if (line.startsWith('# %include')) {
      includes.push(line.slice('# %include '.length).trim());
    }
  }
  return { text: lines.join(''), includes, includesRunTask };
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
