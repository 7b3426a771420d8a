import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';

/** What `module:name` in the configuration names. */
export interface PluginPath {
  readonly module: string;
  /** the export, with its members: `name.member` */
  readonly name: string;
}

/** Where a module of a repository was found, or why not. */
export type Found =
  | { readonly what: 'file'; readonly path: string; readonly shown: string }
  | { readonly what: 'package'; readonly specifier: string }
  /** only its Python twin is there; `wanted` is the file to write */
  | { readonly what: 'python'; readonly shown: string; readonly wanted: string }
  | { readonly what: 'nothing'; readonly wanted: string | null };

const extensions = ['.ts', '.mts', '.mjs', '.js'];
const segment = /^[A-Za-z_][\w-]*$/;

/** Takes `module:name` apart; `name` is `otherwise` when it is left out. Null when it is neither. */
export function parsePluginPath(path: string, otherwise?: string): PluginPath | null {
  const parts = path.split(':');
  const [module, name = otherwise] = parts;
  if (parts.length > 2 || !module || !name) return null;
  return { module, name };
}

/**
 * Finds a module: `a.b` is `<root>/a/b.ts`, `.mts`, `.mjs` or `.js`, else `<root>/a/b/index.ts` and so on; what has a slash
 * or an `@`, and what is no such file, is an npm package. `folder` is the root's absolute path, `root` as users type it.
 */
export function findModule(module: string, folder: string, root: string): Found {
  const segments = module.split('.');
  if (!segments.every((part) => segment.test(part))) {
    return isPackage(module) ? { what: 'package', specifier: module } : { what: 'nothing', wanted: null };
  }
  const base = segments.join('/');
  const isThere = (name: string): boolean => existsSync(join(folder, name));
  const candidates = [base, `${base}/index`].flatMap((stem) =>
    extensions.map((extension) => stem + extension),
  );
  const file = candidates.find(isThere);
  if (file !== undefined) return { what: 'file', path: join(folder, file), shown: posix.join(root, file) };
  const wanted = posix.join(root, `${base}.ts`);
  const twins = [
    [`${base}.py`, wanted],
    [`${base}/__init__.py`, posix.join(root, `${base}/index.ts`)],
  ] as const;
  for (const [python, twin] of twins)
    if (isThere(python)) return { what: 'python', shown: posix.join(root, python), wanted: twin };
  return isInstalled(module, folder) ? { what: 'package', specifier: module } : { what: 'nothing', wanted };
}

function isPackage(module: string): boolean {
  return /^(@[\w.-]+\/)?[\w-][\w.-]*(\/[\w.-]+)*$/.test(module) && !module.split('/').includes('..');
}

/** A `node_modules` here or above has it. */
function isInstalled(name: string, folder: string): boolean {
  for (let at = folder; ; at = join(at, '..')) {
    if (existsSync(join(at, 'node_modules', name, 'package.json'))) return true;
    if (at === join(at, '..')) return false;
  }
}
