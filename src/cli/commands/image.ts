import type { Command } from 'commander';
import { imageLockName } from '../../graph/load/image-lock.ts';
import { pinImages } from '../image/pin-images.ts';
import { loadParameters } from '../load-parameters.ts';
import { notBuiltYet } from '../not-built.ts';
import { locateRepository } from '../repository.ts';

interface PinOptions {
  readonly root: string;
  readonly parameters?: readonly string[];
  readonly json?: true;
}

export function addImageCommands(program: Command): void {
  const image = program.command('image').description('the images that tasks run in');
  image
    .command('pin')
    .description(`write down in ${imageLockName} which content the images by tag have now`)
    .argument('[images...]', 'ask for these only; default: for all that tasks use')
    .option('-r, --root <folder>', 'where config.yml is', 'taskcluster')
    .option(
      '-p, --parameters <spec>',
      'images that tasks use with these; repeatable; default: from the repository',
      (spec: string, others?: readonly string[]) => [...(others ?? []), spec],
    )
    .option('--json', 'what was pinned, as JSON')
    .action(pin);
  notBuiltYet(image, {
    build: 'the task docker-image-NAME builds it where Docker is there',
    load: 'docker load takes the artifact public/image.tar.zst once it is unpacked',
  });
}

async function pin(images: readonly string[], { root, parameters, json }: PinOptions): Promise<void> {
  const repository = locateRepository(root, process.cwd());
  const specs: readonly (string | null)[] = parameters ?? [null];
  const sets = await Promise.all(specs.map((spec) => loadParameters(repository, spec)));
  const pins = await pinImages({ repository, parameters: sets, images });
  const lines = pins.map(({ image, digest, before }) => `${image} ${digest}${changeOf(digest, before)}\n`);
  process.stdout.write(json ? `${JSON.stringify(pins, null, 2)}\n` : lines.join(''));
}

function changeOf(digest: string, before: string | null): string {
  if (before === null) return ' (new)';
  return before === digest ? '' : ` (was ${before})`;
}
