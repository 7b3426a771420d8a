import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Sandbox, forms } from '../wrapper.ts';
import { CheckoutTrial } from './repository.ts';

const mark = (name: string) => `"touch $CANARY/${name}"`;

/** What an earlier task does in its checkout so that git runs a program of its choice. */
const planted: readonly (readonly [name: string, script: string])[] = [
  ['hooks', hook('post-checkout', 'reference-transaction', 'post-index-change', 'pre-commit')],
  [
    'core.hooksPath',
    `mkdir h; ${hook('post-checkout').replaceAll('.git/hooks', 'h')}; git config core.hooksPath h`,
  ],
  ['core.fsmonitor', `git config core.fsmonitor ${mark('fsmonitor')}`],
  [
    'core.sshCommand',
    `git config core.sshCommand ${mark('ssh')}; git config remote.origin.url ssh://x.invalid/y`,
  ],
  [
    'core.pager and core.editor',
    `git config core.pager ${mark('pager')}; git config core.editor ${mark('editor')}`,
  ],
  [
    'core.gitProxy',
    `git config core.gitProxy ${mark('proxy')}; git config remote.origin.url git://x.invalid/y`,
  ],
  ['core.alternateRefsCommand', `git config core.alternateRefsCommand ${mark('alternate')}`],
  ['core.worktree', 'mkdir -p ../elsewhere; git config core.worktree $PWD/../elsewhere'],
  [
    'filters by info/attributes',
    `echo "* filter=x diff=x" > .git/info/attributes; git config filter.x.smudge ${mark('smudge')}; git config filter.x.clean ${mark('clean')}; git config filter.x.process ${mark('process')}; rm README`,
  ],
  [
    'core.attributesFile',
    `echo "* filter=x" > ../attributes; git config core.attributesFile $PWD/../attributes; git config filter.x.smudge ${mark('smudge')}; rm README`,
  ],
  [
    'diff.external',
    `git config diff.external ${mark('diff')}; git config diff.x.textconv ${mark('textconv')}`,
  ],
  ['credential.helper', `git config credential.helper '!touch $CANARY/credential'`],
  [
    'include.path',
    `git config -f ../more core.fsmonitor ${mark('include')}; git config include.path $PWD/../more`,
  ],
  [
    'includeIf',
    `git config -f ../more core.fsmonitor ${mark('include')}; git config includeIf.gitdir:/.path $PWD/../more`,
  ],
  ['aliases', `git config alias.fetch '!touch $CANARY/alias'; git config alias.st '!touch $CANARY/alias'`],
  [
    'remote.origin.uploadpack',
    `git config remote.origin.uploadpack ${mark('uploadpack')}; git config remote.origin.receivepack ${mark('uploadpack')}`,
  ],
  ['remote.origin.vcs', 'git config remote.origin.vcs evil'],
  [
    'ext transport',
    `git config protocol.ext.allow always; git config remote.origin.url "ext::sh -c touch% $CANARY/ext"`,
  ],
  ['url.insteadOf', `git config url.file:///nowhere/.insteadOf file:///`],
  ['gc.*', `git config gc.auto 1; git config gc.recentObjectsHook ${mark('gc')}`],
  [
    'extensions.worktreeConfig',
    `git config extensions.worktreeConfig true; git config -f .git/config.worktree core.fsmonitor ${mark('worktree')}`,
  ],
  ['worktrees', 'git worktree add -q ../other HEAD'],
  [
    '.git as a file',
    'mv .git ../moved; echo "gitdir: ../moved" > .git; git config core.fsmonitor "touch $CANARY/moved"',
  ],
  [
    '.git as a link',
    'mv .git ../moved; ln -s ../moved .git; git config core.fsmonitor "touch $CANARY/moved"',
  ],
  [
    'commondir',
    'cp -r .git ../common; git config -f ../common/config core.fsmonitor "touch $CANARY/common"; echo ../../common > .git/commondir',
  ],
  ['settings that are a pipe', 'rm .git/config; mkfifo .git/config'],
  ['settings that include a pipe', 'mkfifo ../pipe; git config include.path $PWD/../pipe'],
  [
    'settings that are a link',
    'mv .git/config ../config; git config -f ../config core.fsmonitor "touch $CANARY/link"; ln -s ../../config .git/config',
  ],
  ['settings that are no text', 'head -c 4096 /dev/zero > .git/config'],
  ['HEAD that is a pipe', 'rm .git/HEAD; mkfifo .git/HEAD'],
  ['an index that is a pipe', 'rm .git/index; mkfifo .git/index'],
  ['refs that are a link', 'mv .git/refs ../refs; ln -s ../../refs .git/refs'],
  ['objects that are a link', 'mv .git/objects ../objects; ln -s ../../objects .git/objects'],
  ['a closed .git', 'chmod 0 .git'],
  ['closed objects', 'chmod 0 .git/objects .git/refs'],
];

/** What an earlier task does so that the next one sees other files than its revision holds. */
const lies: readonly (readonly [name: string, script: string])[] = [
  ['assume-unchanged', 'echo evil > README; git update-index --assume-unchanged README'],
  ['skip-worktree', 'echo evil > README; git update-index --skip-worktree README'],
  ['sparse checkout', 'git sparse-checkout set --no-cone /README; true'],
  ['a split index', 'echo evil > README; git update-index --split-index --assume-unchanged README'],
  ['a directory replaced by a link', 'mkdir ../lib; echo evil > ../lib/code.sh; rm -r lib; ln -s ../lib lib'],
  ['a file replaced by a directory', 'rm README; mkdir -p README/sub; touch README/sub/x'],
  ['a file replaced by a pipe', 'rm README; mkfifo README'],
  ['a closed directory', 'echo evil > lib/code.sh; chmod 500 lib'],
  ['a closed untracked directory', 'mkdir -p out/deep; touch out/deep/x; chmod 0 out/deep; chmod 0 out'],
  ['names that git quotes', "touch 'a\tb' 'q\"q' 'ünï' \"$(printf 'l\\376tin')\" '-rf' ' '"],
  ['an exclude file', 'echo "*" > .git/info/exclude; touch hidden'],
  [
    'repositories in tracked directories',
    'git init -q lib; git -C lib config core.fsmonitor "touch $CANARY/lib"',
  ],
  [
    'a nested repository',
    'git init -q sub; git -C sub config core.fsmonitor "touch $CANARY/sub"; touch sub/x',
  ],
  ['staged files', 'echo x > staged; git add -f staged; touch x.o'],
  ['a merge that never ended', 'git rev-parse HEAD > .git/MERGE_HEAD; mkdir .git/rebase-merge'],
  ['a bare repository in its place', 'git clone -q --bare . ../bare; rm -rf .git; cp -r ../bare/* .'],
];

describe.each(forms)('a hostile task and git: %s', (form) => {
  const trial = new CheckoutTrial(new Sandbox(undefined, form));
  afterAll(() => trial.remove());
  const whole = 'git status --porcelain; git rev-parse HEAD; cat README lib/code.sh';

  it.each(planted)('%s: nothing planted runs in a later task, and its checkout is right', (_name, script) => {
    if (trial.cache === '') trial.start();
    trial.task(script);
    trial.takeMarks();
    const head = trial.commit({ README: `${trial.git('rev-parse', 'HEAD')}\n` });
    const later = trial.task(`git diff HEAD~; git log -1 --format=%H; ${whole}`);
    expect({ status: later.status, marks: trial.takeMarks() }, later.output).toEqual({
      status: 0,
      marks: [],
    });
    expect(later.task).toContain(head);
    expect(later.task.slice(-3)).toEqual([
      head,
      readFileSync(join(trial.source, 'README'), 'utf8').trim(),
      'echo one',
    ]);
  });

  it.each(lies)('%s: a later task sees the files of its revision and no others', (_name, script) => {
    if (trial.cache === '') trial.start();
    trial.task(script);
    const head = trial.git('rev-parse', 'HEAD');
    const later = trial.task(`${whole}; ls -A`);
    expect({ status: later.status, marks: trial.takeMarks() }, later.output).toEqual({
      status: 0,
      marks: [],
    });
    const readme = readFileSync(join(trial.source, 'README'), 'utf8').trim();
    expect(later.task).toEqual([head, readme, 'echo one', '.git', '.gitignore', 'README', 'lib']);
  });

  it.each([
    ['grafts', 'git rev-parse HEAD > .git/info/grafts'],
    ['replacements', 'git replace --graft HEAD; git pack-refs --all'],
    ['loose replacements', 'git replace --graft HEAD'],
    [
      'a commit graph',
      'git commit-graph write; printf x | dd of=.git/objects/info/commit-graph bs=1 seek=1100 conv=notrunc 2>/dev/null; true',
    ],
    ['a shallow file', 'git rev-parse HEAD > .git/shallow'],
    [
      'a store without history',
      `rm -rf .git; git init -q .; git fetch -q --depth=1 file://${trial.source} main; git checkout -q FETCH_HEAD`,
    ],
    [
      'a remote that knows one branch only',
      'git config remote.origin.fetch +refs/heads/x:refs/remotes/origin/x; rm .git/shallow; git rev-parse HEAD > .git/shallow',
    ],
  ])('%s: history is whole in a later task', (_name, script) => {
    trial.start();
    const count = trial.git('rev-list', '--count', 'HEAD');
    trial.task(script);
    expect(trial.task('git rev-list --count HEAD').task).toEqual([count]);
  });

  it('other object stores are not used', () => {
    trial.start();
    const stolen = join(trial.box.path, 'stolen');
    mkdirSync(stolen);
    trial.task(
      `cp -r .git/objects/. ${stolen}; echo ${stolen} > .git/objects/info/alternates; rm -rf .git/objects/??`,
    );
    const later = trial.task('cat .git/objects/info/alternates; git fsck --strict && echo whole');
    expect(later.task.at(-1), later.output).toBe('whole');
    expect(later.task).not.toContain(stolen);
  });

  it('a link in the place of the checkout is not followed', () => {
    trial.start();
    trial.task(`cp -r . ${trial.canary}/moved && cd .. && rm -rf src && ln -s ${trial.canary}/moved src`);
    writeFileSync(join(trial.canary, 'moved/kept'), '');
    const later = trial.task('git status --porcelain; pwd -P');
    expect(later.task, later.output).toEqual([trial.checkout]);
    expect(readFileSync(join(trial.canary, 'moved/kept'), 'utf8')).toBe('');
    trial.takeMarks();
  });

  it('a link on the way to a nested checkout does not lead the cleaning elsewhere', () => {
    const nested = () => [`--in-checkout=${trial.checkout}/deps/inner`];
    const env = {
      REPOSITORIES: '{"vcs": "Outer", "in": "Inner"}',
      IN_REPOSITORY_TYPE: 'git',
      IN_HEAD_REPOSITORY: `file://${trial.source}`,
      IN_HEAD_REF: 'main',
    };
    trial.start();
    trial.task('true', env, nested());
    const victim = join(trial.canary, 'victim');
    mkdirSync(victim);
    chmodSync(victim, 0o777);
    writeFileSync(join(victim, 'kept'), '');
    trial.task(`rm -rf deps; ln -s ${victim} deps`, env, nested());
    const later = trial.task('git -C deps/inner rev-parse HEAD; test -h deps || echo real', env, nested());
    expect(later.task, later.output).toEqual([trial.git('rev-parse', 'HEAD'), 'real']);
    expect(readdirSync(victim)).toEqual(['kept']);
    trial.takeMarks();
    const warm = trial.task('true', env, nested());
    expect(warm.output).not.toContain('"clone"');
  });

  it('variables that name another repository do not lead our git there', () => {
    trial.start();
    const other = trial.box.folder('other.git');
    const env = {
      GIT_DIR: other,
      GIT_WORK_TREE: other,
      GIT_INDEX_FILE: join(other, 'index'),
      GIT_OBJECT_DIRECTORY: other,
    };
    const later = trial.task(
      'env | grep -c ^GIT_DIR=; unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY; git status --porcelain',
      env,
    );
    expect([later.status, later.task], later.output).toEqual([0, ['1']]);
  });
});

describe.each(forms)('a hostile task and submodules: %s', (form) => {
  const trial = new CheckoutTrial(new Sandbox(undefined, form));
  const library = trial.box.folder('library');
  afterAll(() => trial.remove());
  trial.git('clone', '-q', trial.source, library);
  trial.git('submodule', '--quiet', 'add', '--name', 'the/lib', `file://${library}`, 'third/lib');
  trial.commit({});
  const evil = trial.box.folder('evil');
  const state =
    'git status --porcelain; git -C third/lib status --porcelain; cat third/lib/README; git -C third/lib config remote.origin.url';

  it.each([
    [
      'hooks',
      `cd .git/modules/the/lib; ${hook('post-checkout', 'reference-transaction').replaceAll('.git/hooks', 'hooks')}; rm ../../../../third/lib/README`,
    ],
    [
      'settings',
      'git -C third/lib config core.fsmonitor "touch $CANARY/fsmonitor"; git -C third/lib config core.sshCommand "touch $CANARY/ssh"',
    ],
    [
      'an update command',
      `git config submodule.the/lib.update '!touch $CANARY/update #'; git config submodule.the/lib.url ext::sh`,
    ],
    [
      'another remote',
      `git config submodule.the/lib.url file://${evil}; git -C third/lib config remote.origin.url file://${evil}`,
    ],
    [
      'another repository in its place',
      'rm -rf third/lib; git init -q third/lib; git -C third/lib config core.fsmonitor "touch $CANARY/other"',
    ],
    [
      'a link to another repository',
      `cp -r .git/modules/the/lib ../moved; git -C third/lib config core.fsmonitor "touch $CANARY/moved"; echo "gitdir: $PWD/../moved" > third/lib/.git`,
    ],
    ['a link as its folder', `mv .git/modules/the ../the; ln -s ../../../the .git/modules/the`],
    ['a link as its place', `mv third/lib ../third; ln -s ../../third third/lib`],
    [
      'files of its own',
      'touch third/lib/untracked; echo evil > third/lib/README; git -C third/lib update-index --assume-unchanged README',
    ],
    ['a lock', 'touch .git/modules/the/lib/index.lock .git/modules/the/lib/config.lock'],
  ])('%s: nothing planted runs, and the submodule is right', (_name, script) => {
    if (trial.cache === '') trial.start();
    trial.task(script);
    trial.takeMarks();
    const later = trial.task(state);
    expect({ status: later.status, marks: trial.takeMarks() }, later.output).toEqual({
      status: 0,
      marks: [],
    });
    expect(later.task).toEqual(['one', `file://${library}`]);
  });

  it('a revision that is new in the submodule is fetched from where .gitmodules says', () => {
    trial.start();
    trial.task(`git -C third/lib config remote.origin.url file://${evil}`);
    writeFileSync(join(library, 'README'), 'two\n');
    trial.git('-C', library, 'commit', '-q', '-am', 'two');
    trial.git('-C', join(trial.source, 'third/lib'), 'pull', '-q');
    trial.commit({});
    expect(trial.task(state).task).toEqual(['two', `file://${library}`]);
  });
});

function hook(...names: string[]): string {
  return names
    .map(
      (name) =>
        `printf '#!/bin/sh\\ntouch $CANARY/${name}\\n' > .git/hooks/${name}; chmod +x .git/hooks/${name}`,
    )
    .join('; ');
}
