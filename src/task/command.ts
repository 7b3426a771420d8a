/**
 * The words of the command that run-task starts, from run-task's own name on; null when something else is the command.
 * docker-worker has one command, a list of words. generic-worker has several, each a list of words or, on Windows, a
 * shell line; run-task is what the last one that starts it says, an interpreter may come before it.
 */
export function wrapperCommand(implementation: string, command: unknown): readonly string[] | null {
  if (!Array.isArray(command)) return null;
  if (implementation !== 'generic-worker') return isWrapper(textOf(command[0])) ? wordsOf(command) : null;
  const lines = (command as unknown[]).map((part) => withoutInterpreter(wordsOf(part)));
  return lines.findLast((line) => isWrapper(line[0] ?? '')) ?? null;
}

/** Does run-task start one of generic-worker's commands? */
export function isRunTask(command: unknown): boolean {
  return wrapperCommand('generic-worker', command) !== null;
}

/**
 * The value that run-task takes for one of its options, the last one that is given; undefined when there is none.
 * `words` as of `wrapperCommand`. Options may be shortened, as run-task allows.
 */
export function optionValue(words: readonly string[], name: string): string | undefined {
  const end = words.indexOf('--');
  const options = end === -1 ? words : words.slice(0, end);
  let value: string | undefined;
  for (let i = 0; i < options.length; i++) {
    const word = options[i]!;
    if (word.length <= 2 || !word.startsWith('--')) continue;
    const equals = word.indexOf('=');
    const written = equals < 0 ? word : word.slice(0, equals);
    if (written.length <= 2 || !name.startsWith(written)) continue;
    value = equals < 0 ? options[i + 1] : word.slice(equals + 1);
  }
  return value;
}

/** `user:group` that run-task gives the command to; null when one of both is empty. */
export function commandUser(words: readonly string[]): string | null {
  const [user, group] = ['--user', '--group'].map((name) => optionValue(words, name) ?? 'worker');
  return user === '' || group === '' ? null : `${user}:${group}`;
}

function wordsOf(part: unknown): string[] {
  if (typeof part === 'string') return part.split(/\s+/).filter((word) => word !== '');
  if (!Array.isArray(part)) return [];
  return (part as unknown[]).map(textOf);
}

/** References stand for themselves: what they become never is an option of run-task. */
function textOf(word: unknown): string {
  if (typeof word === 'string') return word;
  const reference = Object(word) as Readonly<Record<string, unknown>>;
  const text = reference['task-reference'] ?? reference['artifact-reference'];
  return typeof text === 'string' ? text : '';
}

function withoutInterpreter(line: string[]): string[] {
  return /^(python[\d.]*|py|node)(\.exe)?$/i.test(nameOf(line[0] ?? '')) ? line.slice(1) : line;
}

function isWrapper(word: string): boolean {
  return nameOf(word).startsWith('run-task');
}

function nameOf(word: string): string {
  return word.slice(Math.max(word.lastIndexOf('/'), word.lastIndexOf('\\')) + 1);
}
