import type { Diagnostic } from '../../base/diagnostic.ts';
import { exitCodes, type Failure } from '../../base/failure.ts';
import { tellWarnings } from '../compilation.ts';
import { drawFailure } from '../output/failure.ts';
import { parameterSets } from '../parameter-sets.ts';
import { locateRepository } from '../repository.ts';
import { compileSets } from './compile-sets.ts';
import type { GraphResult } from './job.ts';
import { writeOutput } from './outputs.ts';
import { tellHeader } from './print.ts';
import { type GraphOptions, jobFor, parameterOverrides, threadCount } from './request.ts';

/** What editors and CI read: a diagnostic with its place spread out, and the parameters with which it comes up. */
interface Finding {
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly length: number | null;
  readonly severity: Diagnostic['severity'];
  readonly message: string;
  readonly about: string | null;
  readonly hint: string | null;
  readonly parameters: string[];
}

/**
 * Compiles every task with every set of parameters, only to say what is wrong: with places on standard error, or as JSON.
 * The network is not needed, except for parameters that have to be fetched. Gives back the exit code.
 */
export async function checkGraphs(options: GraphOptions): Promise<number> {
  const repository = locateRepository(options.root, process.cwd());
  const sets = parameterSets(options.parameters);
  // References to artifacts need an address, any will do.
  const rootUrl = 'https://taskcluster.invalid';
  const all = options.json ? { mostTold: Infinity } : {};
  const job = { ...jobFor('full', options), format: 'nothing', thorough: true, rootUrl, ...all } as const;
  const results = await compileSets({
    repository,
    sets,
    trees: [{ repository }],
    overrides: parameterOverrides(repository, options),
    threads: threadCount(options),
    jobFor: () => job,
  });
  const findings = new Map<string, Finding>();
  let code = 0;
  let count = 0;
  for (const [index, set] of sets.entries()) {
    const result = await results[index]![0]!;
    if (result.ok) count = Math.max(count, result.count);
    else code ||= exitCodes[result.failure.kind];
    if (options.json) {
      for (const diagnostic of diagnosticsOf(result)) addFinding(findings, diagnostic, set.name);
    } else {
      tellHeader(set, sets);
      tell(result, options);
    }
  }
  if (options.json) {
    const document = { ok: code === 0, tasks: count, diagnostics: [...findings.values()] };
    writeOutput(`${JSON.stringify(document, null, 2)}\n`, options.outputFile ?? null);
  }
  return code;
}

function tell(result: GraphResult, { quiet }: GraphOptions): void {
  if (!result.ok) {
    process.stderr.write(drawFailure(result.failure));
    return;
  }
  if (!quiet) tellWarnings(result, { notes: true });
  const count = result.warnings.filter(({ severity }) => severity === 'warning').length;
  process.stderr.write(`caisson: ${result.count} tasks, ${count} warnings\n`);
}

function diagnosticsOf(result: GraphResult): readonly Diagnostic[] {
  return result.ok ? result.warnings : (result.failure.diagnostics ?? [withoutPlace(result.failure)]);
}

function withoutPlace({ message, hint }: Failure): Diagnostic {
  return { severity: 'error', message, ...(hint === undefined ? {} : { hint }) };
}

/** What comes up with several sets is listed once. */
function addFinding(findings: Map<string, Finding>, diagnostic: Diagnostic, set: string): void {
  const { place, severity, message, about = null, hint = null } = diagnostic;
  const found = {
    file: place?.file ?? null,
    line: place?.line ?? null,
    column: place?.column ?? null,
    length: place?.length ?? null,
    severity,
    message,
    about,
    hint,
  };
  const key = JSON.stringify(found);
  const known = findings.get(key);
  if (known === undefined) findings.set(key, { ...found, parameters: [set] });
  else known.parameters.push(set);
}
