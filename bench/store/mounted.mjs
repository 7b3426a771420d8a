import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Milliseconds that a shell script takes in a lease's directory, in a mount namespace of its own, without the mount. */
export function timeInside(mount, script, env = {}) {
  const place = mkdtempSync(join(tmpdir(), 'caisson-view-'));
  const mounting =
    'eval "$0"; cd "$1"; a=$(date +%s%N); sh -ec "$2" >/dev/null; b=$(date +%s%N); echo $((b-a))';
  const words = ['--mount', 'sh', '-ec', mounting, `mount ${optionsOf(mount)} '${place}'`, place, script];
  const done = spawnSync('unshare', words, { encoding: 'utf8', env: { ...process.env, ...env } });
  rmdirSync(place);
  if (done.status !== 0) throw new Error(`${script}: ${done.stderr}`);
  return Number(done.stdout) / 1e6;
}

/** Milliseconds of the system call alone, the median of 9, with and without a first look at the root. */
export function timeMount(mount) {
  const place = mkdtempSync(join(tmpdir(), 'caisson-view-'));
  const options = mount.kind === 'bind' ? '' : optionsText(mount);
  const source = mount.kind === 'bind' ? mount.source : 'overlay';
  const numbers = process.arch === 'arm64' ? [40, 39] : [165, 166];
  // The system call itself: starting a program costs more than what it does.
  const script = `
    use Time::HiRes 'time'; my ($source, $place, $type, $flags, $options, $mount, $umount) = @ARGV; my @times;
    for (1..9) { my $start = time;
      syscall($mount+0, $source, $place, $type, $flags+0, $options) == 0 or die "mount: $!";
      my @there = stat "$place/."; push @times, (time - $start) * 1000;
      syscall($umount+0, $place, 0) == 0 or die "umount: $!"; system('rm', '-rf', $ENV{WORK}) if $ENV{WORK}; }
    @times = sort { $a <=> $b } @times; print $times[4];`;
  const flags = mount.kind === 'bind' ? 4096 : 0;
  const words = [source, place, mount.kind === 'bind' ? 'none' : 'overlay', flags, options, ...numbers];
  // A volatile work directory is not mounted twice.
  const env = { ...process.env, WORK: mount.work === undefined ? '' : join(mount.work, 'work/incompat') };
  const taken = execFileSync('unshare', ['--mount', 'perl', '-e', script, ...words], {
    encoding: 'utf8',
    env,
  });
  rmdirSync(place);
  return Number(taken);
}

function optionsOf(mount) {
  if (mount.kind === 'bind') return `--bind '${mount.source}'`;
  return `-t overlay overlay -o '${optionsText(mount)}'`;
}

function optionsText({ lower, upper, work, options }) {
  return [`lowerdir=${lower.join(':')}`, `upperdir=${upper}`, `workdir=${work}`, ...options].join(',');
}
