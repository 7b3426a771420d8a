import type { Environment } from './environment.ts';
import { findProgram } from './program.ts';

/**
 * Node cannot collect processes that it did not start, so as process 1 we would gather every orphan as a zombie. A
 * small script of a language that can becomes the orphans' new parent instead (PR_SET_CHILD_SUBREAPER is 36), starts
 * the command, passes signals to it, collects whatever ends, and ends as the command did (128+n for signal n).
 */
const perl = `
my ($machine) = (POSIX::uname())[4];
my %prctl = (x86_64 => 157, aarch64 => 167, riscv64 => 167, ppc64le => 171, s390x => 172);
syscall($prctl{$machine}, 36, 1, 0, 0, 0) if $prctl{$machine};
my $command = fork();
die "fork: $!\\n" unless defined $command;
if (!$command) { exec { $ARGV[0] } @ARGV; print STDERR "$ARGV[0]: $!\\n"; POSIX::_exit(126); }
for my $name (qw(TERM INT HUP QUIT USR1 USR2 WINCH)) { $SIG{$name} = sub { kill $name, $command }; }
while (1) {
  my $ended = waitpid(-1, 0);
  next if $ended < 0 && $!{EINTR};
  POSIX::_exit(1) if $ended < 0;
  POSIX::_exit($? & 127 ? 128 + ($? & 127) : $? >> 8) if $ended == $command;
}`;

const python = `
import ctypes, os, signal, sys
try: ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
except (OSError, AttributeError): pass
command = os.fork()
if command == 0:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try: os.execvp(sys.argv[1], sys.argv[1:])
    except OSError as error: os.write(2, ("%s: %s\\n" % (sys.argv[1], error.strerror)).encode())
    os._exit(126)
for name in ("TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "WINCH"):
    signal.signal(getattr(signal, "SIG" + name), lambda number, frame: os.kill(command, number))
while True:
    ended, status = os.wait()
    if ended == command:
        os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
`;

/** The command with a reaper around it; null when this image has nothing to make one of. */
export function withReaper(command: readonly string[], environment: Environment): string[] | null {
  const cwd = process.cwd();
  const perlProgram = findProgram('perl', environment, cwd);
  if (perlProgram.state === 'found') {
    return [perlProgram.path, '-MPOSIX', '-MErrno', '-e', perl, '--', ...command];
  }
  const pythonProgram = findProgram('python3', environment, cwd);
  if (pythonProgram.state === 'found') return [pythonProgram.path, '-I', '-c', python, ...command];
  return null;
}
