import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Jiti } from 'jiti';
import type { Place } from '../../base/diagnostic.ts';
import { modernName } from '../load/old-names.ts';
import { didYouMean } from '../../base/suggest.ts';
import { findModule, type Found, parsePluginPath } from './plugin-path.ts';
import * as provided from './provided.ts';
import { skeletonFor, type Use } from './skeleton.ts';
import { type PluginFile, placeInMessage, placeInStack, placeOfExport } from './source-place.ts';

/** Something that a module of the repository, or an npm package, exports. */
export interface PluginExport {
  readonly file: PluginFile;
  readonly name: string;
  readonly value: unknown;
  readonly place: Place;
}

/** Why there is no such export. Without a place it is about the configuration that names it. */
export interface PluginProblem {
  readonly message: string;
  readonly place?: Place;
  readonly hint?: string;
}

export type Loaded =
  | { readonly ok: true; readonly value: PluginExport }
  | { readonly ok: false; readonly error: PluginProblem };

interface LoadedModule {
  readonly file: PluginFile;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** Loads what the configuration of one repository names, each module once. TypeScript is translated as it is loaded. */
export class PluginModules {
  private readonly folder: string;
  private readonly root: string;
  private readonly repository: string;
  private readonly known = new Map<string, LoadedModule | PluginProblem>();
  private jiti: Jiti | undefined;
  /** modules of this process that are not ours */
  private others = new Set<string>();

  /** `folder`: the root's absolute path; `root`: as users type it; `repository`: its top, an absolute path. */
  constructor(place: { readonly folder: string; readonly root: string; readonly repository: string }) {
    this.folder = place.folder;
    this.root = place.root;
    this.repository = place.repository;
  }

  /** `module:name`, or for transforms only `module`. */
  async load(path: string, use: Use): Promise<Loaded> {
    const wanted = parsePluginPath(path, use === 'transforms' ? 'transforms' : undefined);
    if (wanted === null) return failed({ message: `"${path}" does not have the form "module:name"` });
    const { module, name } = wanted;
    const found = findModule(module, this.folder, this.root);
    if (found.what === 'python' || found.what === 'nothing') return failed(notThere(path, found, name, use));
    const loaded = this.known.get(module) ?? (await this.import(found));
    this.known.set(module, loaded);
    return 'message' in loaded ? failed(loaded) : exportOf(loaded, name);
  }

  private async import(
    found: Extract<Found, { what: 'file' | 'package' }>,
  ): Promise<LoadedModule | PluginProblem> {
    this.jiti ??= await this.start();
    let file: PluginFile;
    if (found.what === 'file') {
      file = { path: found.path, shown: found.shown, repository: this.repository };
    } else {
      const resolved = this.jiti.esmResolve(found.specifier, { try: true });
      if (resolved === undefined) return notInstalled(found.specifier);
      const path = resolved.startsWith('file:') ? fileURLToPath(resolved) : resolved;
      file = { path, shown: relative(this.repository, path), repository: this.repository };
    }
    try {
      return checkVersion({ file, exports: await this.jiti.import(file.path) });
    } catch (error) {
      return loadingFailed(file, error);
    }
  }

  private async start(): Promise<Jiti> {
    const { createJiti } = await import('jiti');
    const jiti = createJiti(`${this.folder}/`, {
      // What others may write to is never run: no translation is kept outside of this process.
      fsCache: false,
      interopDefault: false,
      virtualModules: { 'caisson/plugin': provided },
    });
    this.others = new Set(Object.keys(jiti.cache));
    return jiti;
  }

  /** Node keeps modules for ever; the next compilation in this process has to see what has changed by then. */
  forget(): void {
    if (this.jiti === undefined) return;
    for (const id of Object.keys(this.jiti.cache)) if (!this.others.has(id)) delete this.jiti.cache[id];
  }
}

function failed(error: PluginProblem): Loaded {
  return { ok: false, error };
}

function notThere(
  path: string,
  found: Extract<Found, { what: 'python' | 'nothing' }>,
  name: string,
  use: Use,
): PluginProblem {
  if (found.what === 'python') {
    return {
      message: `${path} is Python, in ${found.shown}, which is not run`,
      hint: `write ${found.wanted} beside it, which starts so:\n${skeletonFor(use, name)}`,
    };
  }
  const hint =
    modernName(path) ??
    (found.wanted === null
      ? 'a module of the repository is written with dots, an npm package by its name'
      : `write ${found.wanted}, or install the npm package it is in`);
  return { message: `there is no module for ${path}`, hint };
}

function notInstalled(specifier: string): PluginProblem {
  return {
    message: `the npm package of ${specifier} is not there`,
    hint: 'install it where the repository finds it',
  };
}

function exportOf({ file, exports }: LoadedModule, name: string): Loaded {
  let value: unknown = exports;
  for (const member of name.split('.')) {
    const isThere = (typeof value === 'object' || typeof value === 'function') && value !== null;
    value = isThere ? (value as Record<string, unknown>)[member] : undefined;
  }
  if (value !== undefined) {
    return { ok: true, value: { file, name, value, place: placeOfExport(file, name) } };
  }
  const hint = didYouMean(name, Object.keys(exports));
  return failed({ message: `${file.shown} exports no "${name}"`, ...(hint === undefined ? {} : { hint }) });
}

function checkVersion(module: LoadedModule): LoadedModule | PluginProblem {
  const { file, exports } = module;
  const wanted = exports['apiVersion'];
  if (wanted === undefined || wanted === provided.apiVersion) return module;
  return {
    message: `${file.shown} needs version ${JSON.stringify(wanted)} of the plugin interface; this is ${provided.apiVersion}`,
    place: placeOfExport(file, 'apiVersion'),
    hint:
      typeof wanted === 'number' && wanted > provided.apiVersion
        ? 'use a newer release of caisson'
        : 'see "Versions" in docs/plugins.md',
  };
}

/** A module that cannot be read, or throws while it is loaded. */
function loadingFailed(file: PluginFile, error: unknown): PluginProblem {
  const message = error instanceof Error ? error.message : String(error);
  const what = message
    .split('\n')[0]!
    .replace(/\s*\(?\/\S+?:\d+:\d+\)?$/, '')
    .trim();
  const place = placeInStack(file, error) ?? placeInMessage(file, message) ?? undefined;
  return { message: `${file.shown} cannot be loaded: ${what}`, ...(place === undefined ? {} : { place }) };
}
