import { Argument, type Command } from 'commander';
import type { Document } from '../../graph/schema/schema.ts';

/** `caisson graph schema [config|kind]`: what an editor has to know of the files. */
export function addSchemaCommand(graph: Command): void {
  const documents: readonly Document[] = ['config', 'kind'];
  graph
    .command('schema')
    .description('JSON Schema of config.yml or kind.yml, for editors')
    .addArgument(new Argument('[document]', 'the file that it is for').choices(documents).default('kind'))
    .action(async (document: Document) => {
      const { schemaOf } = await import('../../graph/schema/schema.ts');
      process.stdout.write(`${JSON.stringify(schemaOf(document), null, 2)}\n`);
    });
}
