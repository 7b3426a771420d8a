import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** What each part may import: parts, single files of parts, npm packages. ARCHITECTURE.md prints this table. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  caches: ['base'],
  archive: ['base', 'npm:fzstd', 'npm:tar-stream', 'npm:unbzip2-stream', 'npm:xz-decompress', 'npm:yauzl'],
  'run-task': ['archive', 'base', 'caches'],
  'fetch-content': ['archive', 'base', 'run-task', 'npm:tar-stream'],
  task: ['base'],
  graph: [
    'base',
    'caches',
    'task',
    'queue/queue.ts',
    'npm:@humanwhocodes/momoa',
    'npm:ajv',
    'npm:jiti',
    'npm:js-yaml',
  ],
  'plugin.ts': ['graph/plugins'],
  queue: ['base', 'task', 'graph/compile.ts', 'npm:@photostructure/sqlite', 'npm:hawk'],
  worker: ['base', 'caches', 'task', 'queue/queue.ts'],
  server: ['base', 'queue/queue.ts'],
  cli: ['base', 'caches', 'task', 'graph', 'queue', 'worker', 'server', 'npm:commander'],
};

/** Permissions that a part has by design although nothing uses them yet. */
const reserved = new Set(['task base', 'cli run-task']);

const imports = /^(?:import|export)\b[^;'"]*?\sfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm;

const sources = filesBelow('src').filter((file) => file.endsWith('.ts'));

describe('architecture', () => {
  it('every import is in the table', () => {
    const wrong = edges().filter(
      ({ part, target, file }) => !allowed(part, target) && !(part === partOf(target) && file),
    );
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
  });

  it('every permission is used', () => {
    const used = edges();
    const stale = Object.entries(mayImport).flatMap(([part, permissions]) =>
      permissions
        .filter((permission) => !used.some((edge) => edge.part === part && grants(permission, edge.target)))
        .map((permission) => `${part} ${permission}`),
    );
    expect(stale.filter((entry) => !reserved.has(entry))).toEqual([]);
  });

  it('no file is longer than 400 lines', () => {
    const all = [...sources, ...filesBelow('test').filter((file) => file.endsWith('.ts'))];
    const long = all.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 401);
    expect(long).toEqual([]);
  });

  it('files are named in kebab-case after what they hold', () => {
    const vague = /(^|\/)(utils?|helpers?|types|common|misc|index|interfaces)(\.test)?\.ts$/;
    const names = sources.map((file) => posix.basename(file));
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(name))).toEqual([]);
    expect(sources.filter((file) => vague.test(file))).toEqual([]);
  });

  it('ARCHITECTURE.md prints the same table', () => {
    const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    for (const [part, permissions] of Object.entries(mayImport)) {
      expect(text).toContain(
        `| ${part} | ${permissions.length === 0 ? 'nothing' : permissions.join(', ')} |`,
      );
    }
  });
});

function edges(): { part: string; file: string; target: string }[] {
  return sources.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const specifiers = [...text.matchAll(imports)].map((match) => (match[1] ?? match[2] ?? match[3])!);
    return specifiers.flatMap((specifier) => {
      if (specifier.startsWith('node:')) return [];
      if (!specifier.startsWith('.')) return [{ part: partOf(file), file, target: `npm:${specifier}` }];
      const target = relative('src', join(dirname(file), specifier));
      return target.startsWith('..') || partOf(`src/${target}`) === partOf(file)
        ? []
        : [{ part: partOf(file), file, target }];
    });
  });
}

function allowed(part: string, target: string): boolean {
  return (mayImport[part] ?? []).some((permission) => grants(permission, target));
}

function grants(permission: string, target: string): boolean {
  return target === permission || target.startsWith(`${permission}/`);
}

function partOf(file: string): string {
  return file.replace(/^src\//, '').split('/')[0]!;
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}
