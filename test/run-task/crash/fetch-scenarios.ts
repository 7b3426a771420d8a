import { execFileSync, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { sha256 } from '../../../src/base/hash.ts';
import { storedZip } from '../../archive/stored-zip.ts';
import { Disk } from '../../support/crash/disk.ts';
import type { Outcome } from '../../support/crash/every-cut.ts';
import type { CheckoutTrial } from '../hostile/repository.ts';
import { someone } from '../wrapper.ts';
import type { Run, Scenario } from './scenario.ts';

/** What a fetch leaves: files below `place`, which must be as one that nobody killed leaves them. */
export interface Fetch {
  readonly name: string;
  readonly place: (cache: string) => string;
  /** `program` starts run-task, and fetch-content lies beside it */
  readonly run: (cache: string, program: readonly string[]) => Run;
  /** what is wrong with a file that has the name of a result, at any time; null: nothing */
  readonly oddity: (file: string) => string | null;
  /** the content of archives with times in them; default: the tree at `place`, byte for byte */
  readonly content?: (place: string) => string;
}

/** Makes what is fetched below `folder`, which `url` serves. */
export function fetchesOf(trial: CheckoutTrial, folder: string, url: string): Fetch[] {
  const served = (path: string, bytes: Buffer) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
    return bytes;
  };
  const tree = trial.box.folder('fetched/top');
  mkdirSync(join(tree, 'bin'));
  writeFileSync(join(tree, 'bin/tool'), 'tool\n'.repeat(5000), { mode: 0o755 });
  execFileSync('sh', ['-c', 'ln bin/tool bin/again && ln -s bin/tool link && echo read > README'], {
    cwd: tree,
  });
  const tar = execFileSync('tar', ['-cz', '-C', dirname(tree), '--owner=0', '--group=0', 'top']);
  const zip = storedZip([
    { name: 'zipped/one', text: 'one\n', mode: 0o100644 },
    { name: 'zipped/link', text: 'one', mode: 0o120777 },
  ]);
  const plain = Buffer.from('plain\n'.repeat(3000));
  const artifacts = 'api/queue/v1/task/T/artifacts/public';
  served(`${artifacts}/top.tar.gz`, tar);
  served(`${artifacts}/zipped.zip`, zip);
  served(`${artifacts}/plain`, plain);
  served(
    `${artifacts}/chain-of-trust.json`,
    Buffer.from(JSON.stringify({ artifacts: { 'public/plain': { sha256: sha256(plain) } } })),
  );
  for (const bytes of [tar, plain]) served(`tooltool/sha256/${sha256(bytes)}`, bytes);
  for (const name of ['top.tar.gz', 'renamed-1.0.bin']) served(name, name.endsWith('gz') ? tar : plain);
  const zst = execFileSync('zstd', ['-qc'], { input: execFileSync('gzip', ['-dc'], { input: tar }) });
  served('top.tar.zst', zst);

  const env = { PATH: process.env['PATH'] ?? '', HOME: trial.box.path };
  const fetchContent = (program: readonly string[], ...args: string[]): Run => {
    const runTask = program.at(-1) ?? '';
    const path = join(dirname(runTask), basename(runTask).replace('run-task', 'fetch-content'));
    return { command: [...program.slice(0, -1), path, ...args], env };
  };
  const isOneOf =
    (...wanted: Buffer[]) =>
    (file: string) =>
      wanted.some((bytes) => readFileSync(file).equals(bytes)) ? null : 'is torn';
  const out = (cache: string) => join(cache, 'out');
  const known = (bytes: Buffer) => ['--sha256', sha256(bytes), '--size', String(bytes.length)];
  const holds = (file: string, ...names: string[]) => {
    const listed = spawnSync('tar', ['--zstd', '-tf', file], { encoding: 'utf8' });
    const entries = listed.stdout.split('\n');
    return listed.status === 0 && names.every((name) => entries.includes(name))
      ? null
      : `is torn: ${listed.stderr}`;
  };
  const staticUrl = (
    name: string,
    from: string,
    bytes: Buffer,
    to: string,
    more: string[],
    oddity: Fetch['oddity'],
  ) => ({
    name: `static-url, ${name}`,
    place: out,
    run: (cache: string, program: readonly string[]) =>
      fetchContent(program, 'static-url', ...known(bytes), ...more, `${url}/${from}`, join(out(cache), to)),
    oddity,
  });

  const manifest = join(trial.box.path, 'manifest.tt');
  const entry = (filename: string, bytes: Buffer, unpack: boolean) => ({
    filename,
    size: bytes.length,
    algorithm: 'sha256',
    digest: sha256(bytes),
    unpack,
  });
  writeFileSync(manifest, JSON.stringify([entry('plain', plain, false), entry('top.tar.gz', tar, true)]));

  return [
    {
      name: 'MOZ_FETCHES into a cache',
      place: (cache) => join(cache, 'fetches'),
      run: (cache, program) => ({
        command: [...program, `--user=${someone.user}`, `--group=${someone.group}`, '--', 'true'],
        env: {
          ...env,
          TASKCLUSTER_CACHES: cache,
          TASKCLUSTER_ROOT_URL: url,
          MOZ_FETCHES_DIR: join(cache, 'fetches'),
          MOZ_FETCHES: JSON.stringify([
            { task: 'T', artifact: 'public/plain', extract: false, 'verify-hash': true },
            { task: 'T', artifact: 'public/top.tar.gz', extract: true },
            { task: 'T', artifact: 'public/zipped.zip', extract: true, dest: 'sub' },
            { task: 'T', artifact: 'public/plain', extract: true, dest: 'as it is' },
          ]),
        },
      }),
      oddity: (file) =>
        /\/(plain|top\.tar\.gz|zipped\.zip)$/.test(file) ? isOneOf(plain, tar, zip)(file) : null,
    },
    {
      name: 'tooltool through its cache',
      place: out,
      run: (cache, program) =>
        fetchContent(
          program,
          'tooltool',
          `--dest=${out(cache)}/files`,
          `--cache-folder=${out(cache)}/tooltool`,
          `--url=${url}/tooltool`,
          manifest,
        ),
      oddity: (file) =>
        /\/(files\/(plain|top\.tar\.gz)|tooltool\/[0-9a-f]{64})$/.test(file)
          ? isOneOf(plain, tar)(file)
          : null,
    },
    staticUrl('as it is', 'top.tar.gz', tar, 'top.tar.gz', [], (file) =>
      file.endsWith('/top.tar.gz') ? isOneOf(tar)(file) : null,
    ),
    staticUrl('under another name', 'renamed-1.0.bin', plain, 'renamed.bin', [], (file) =>
      file.endsWith('/renamed.bin') ? isOneOf(plain)(file) : null,
    ),
    staticUrl('repacked', 'top.tar.gz', tar, 'top.tar.zst', [], (file) =>
      file.endsWith('.zst') ? holds(file, 'top/README', 'top/link', 'top/bin/tool', 'top/bin/again') : null,
    ),
    staticUrl(
      'repacked under its own name',
      'top.tar.zst',
      zst,
      'top.tar.zst',
      ['--strip-components=1'],
      (file) => (file.endsWith('.zst') ? holds(file, 'README', 'link', 'bin/tool', 'bin/again') : null),
    ),
    {
      name: 'git-checkout-archive',
      place: out,
      run: (cache, program) =>
        fetchContent(
          program,
          'git-checkout-archive',
          '--include-dot-git',
          '--path-prefix=source',
          `file://${trial.source}`,
          trial.git('rev-parse', 'HEAD'),
          `${out(cache)}/source.tar.zst`,
        ),
      oddity: (file) =>
        file.endsWith('.zst') ? holds(file, 'source/README', 'source/lib/code.sh', 'source/.git/HEAD') : null,
      content: (place) => {
        const unpacked = `${place}.unpacked`;
        mkdirSync(unpacked);
        execFileSync('tar', ['--zstd', '-xf', join(place, 'source.tar.zst'), '-C', unpacked]);
        const git = (...args: string[]) =>
          execFileSync('git', ['-c', 'safe.directory=*', ...args], {
            cwd: join(unpacked, 'source'),
            encoding: 'utf8',
          });
        const said = [
          git('status', '--porcelain'),
          git('rev-parse', 'HEAD'),
          git('fsck', '--strict'),
          ...readdirSync(place),
        ];
        rmSync(unpacked, { recursive: true });
        return said.join('\n');
      },
    },
  ];
}

/** A fetch by one build that is held against what `reference`, the right one, leaves. */
export function scenarioOf(
  { name, place, run, oddity, content = treeAt }: Fetch,
  reference: readonly string[],
  program = reference,
): Scenario {
  let expected = '';
  const start = (cache: string, by: readonly string[]): Outcome => {
    const {
      command: [file = '', ...args],
      env,
    } = run(cache, by);
    const done = spawnSync(file, args, { env, encoding: 'latin1', cwd: dirname(cache) });
    const why = `exit ${done.status}: ${`${done.stdout}${done.stderr}`.trim().split('\n').slice(-6).join(' | ')}`;
    return done.status === 0 ? { verdict: 'complete', why: '' } : { verdict: 'wrong', why };
  };
  return {
    name,
    prepare(cache) {
      chownSync(cache, 0, 0);
      const { verdict, why } = start(cache, reference);
      if (verdict === 'wrong') throw new Error(`${name}: ${why}`);
      expected = content(place(cache));
      for (const entry of readdirSync(cache)) rmSync(join(cache, entry), { recursive: true });
    },
    run: (cache) => run(cache, program),
    judge(cache) {
      const left = existsSync(place(cache)) ? filesBelow(place(cache)) : [];
      for (const file of left) {
        const odd = oddity(file);
        if (odd !== null) return { verdict: 'wrong', why: `${basename(file)} ${odd}` };
      }
      const outcome = start(cache, program);
      if (outcome.verdict === 'wrong') return outcome;
      const found = content(place(cache));
      if (found !== expected) return { verdict: 'wrong', why: `left ${found}\ninstead of ${expected}` };
      return left.length > 0 ? { verdict: 'mended', why: '' } : outcome;
    },
    powerLoss: 'none',
  };
}

function treeAt(place: string): string {
  return Disk.read(place).lines().join('\n');
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => lstatSync(path).isFile());
}
