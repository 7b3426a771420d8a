import { described, keys, listOf, text } from '../../load/shape.ts';
import { formatPython } from '../../values/python-format.ts';
import { inField } from '../draft-step.ts';
import type { RunUsing } from './run-using.ts';

/** Takes a task of another graph from the index. */
export const indexSearch: RunUsing = {
  implementations: ['always-optimized'],
  shape: keys({
    required: {
      using: text,
      'index-search': described('Index paths, the first that exists counts.', listOf(text)),
    },
  }),
  known: ['using', 'index-search', 'workdir'],
  configure({ params }, draft, run) {
    const paths = (run['index-search'] as string[]).map((path, i) =>
      inField(['run', 'index-search', i], () => formatPython(path, params)),
    );
    draft['optimization'] = { 'index-search': paths };
  },
};
