import { compareCodePoints } from '../../base/hash.ts';
import { readConfiguration } from '../../graph/load/configuration.ts';
import type { KindFile } from '../../graph/load/kind-file.ts';
import { Mistakes } from '../../graph/mistakes.ts';
import { tellWarnings } from '../compilation.ts';
import { locateRepository } from '../repository.ts';
import { writeOutput } from './outputs.ts';
import type { GraphOptions } from './request.ts';

/** Prints which kind needs which, as a Mermaid flowchart or as JSON. */
export function printKinds(options: GraphOptions): void {
  const { root, top } = locateRepository(options.root, process.cwd());
  const mistakes = new Mistakes({ strict: options.strict === true });
  const request = { root, repository: top, targetKinds: options.targetKind ?? [] };
  const kinds = [...readConfiguration(request, mistakes).kinds].sort((a, b) =>
    compareCodePoints(a.name, b.name),
  );
  if (!options.quiet) tellWarnings(mistakes);
  writeOutput(options.json ? asJson(kinds) : drawKinds(kinds), options.outputFile ?? null);
}

function asJson(kinds: readonly KindFile[]): string {
  const listed = kinds.map(({ name, path, dependencies }) => ({ name, path, dependencies }));
  return `${JSON.stringify(listed, null, 2)}\n`;
}

/** The flowchart that taskgraph's `kind-graph` prints: an arrow leads from what is needed to what needs it. */
function drawKinds(kinds: readonly KindFile[]): string {
  const id = (name: string): string => name.replaceAll('-', '_');
  const nodes = kinds.map(({ name }) => `    ${id(name)}[${name}]`);
  const edges = kinds.flatMap(({ name, dependencies }) =>
    [...new Set(dependencies)].sort(compareCodePoints).map((needed) => `    ${id(needed)} --> ${id(name)}`),
  );
  return `${['flowchart TD', ...nodes, ...edges].join('\n')}\n`;
}
