import type { Command } from 'commander';
import { fail } from '../base/failure.ts';

/** Commands of the contract that do not exist yet: they say so instead of being unknown. */
export function notBuiltYet(program: Command, names: Readonly<Record<string, string>>): void {
  for (const [name, instead] of Object.entries(names)) {
    program
      .command(name, { hidden: true })
      .allowUnknownOption()
      .argument('[arguments...]')
      .action(() => fail('usage', `${program.name()} ${name} is not built yet`, instead));
  }
}
