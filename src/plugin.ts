// What plugins import as `caisson/plugin`. See docs/plugins.md.
export type * from './graph/plugins/api.ts';
export * from './graph/plugins/provided.ts';
