const patterns = new Map<string, RegExp>();

/**
 * True when a path (with `/`) or one of its parent folders matches the pattern: `*` is anything within one name, `**`
 * is any number of folders. The empty pattern matches everything.
 */
export function pathMatches(path: string, pattern: string): boolean {
  if (pattern === '') return true;
  let compiled = patterns.get(pattern);
  if (!compiled) {
    compiled = compile(pattern);
    patterns.set(pattern, compiled);
  }
  return compiled.test(path);
}

function compile(pattern: string): RegExp {
  const source = pattern
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replace(/(^|\/)\\\*\\\*\//g, '$1(?:.+/)?')
    .replace(/(^|\/)\\\*\\\*$/, '(?:$1.+)?')
    .replaceAll('\\*', '[^/]*');
  return new RegExp(`^${source}(?:/.*)?$`, 's');
}
