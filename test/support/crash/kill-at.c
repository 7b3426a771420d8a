// kill-at N group|alone REPORT COMMAND…
//
// Runs a command under a seccomp filter that stops every process and thread of it as it enters a system call that
// changes the disk, and kills at the N-th of all of them together: `group` everything, `alone` the command's own
// process, after which what it started runs to its end. Writes `killed N call path` to REPORT, or `ended COUNT status`
// when there were fewer such calls; exits with 0 for both. Needs root.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Which argument is a path, a descriptor, or the flags of open.
struct call { int number; const char *name; int path, descriptor, flags; };
#define NONE -1
#define PATH(name, at) {SYS_##name, #name, at, NONE, NONE}
#define FILE_(name, at) {SYS_##name, #name, NONE, at, NONE}
static const struct call calls[] = {
  {SYS_openat, "openat", 1, NONE, 2},
  PATH(mkdirat, 1), PATH(mknodat, 1), PATH(unlinkat, 1), PATH(renameat2, 1), PATH(linkat, 1), PATH(symlinkat, 2),
  PATH(fchmodat, 1), PATH(fchownat, 1), PATH(utimensat, 1), PATH(truncate, 0), PATH(setxattr, 0), PATH(lsetxattr, 0),
  PATH(removexattr, 0), PATH(lremovexattr, 0),
  FILE_(ftruncate, 0), FILE_(fallocate, 0), FILE_(write, 0), FILE_(writev, 0), FILE_(pwrite64, 0), FILE_(pwritev, 0),
  FILE_(pwritev2, 0), FILE_(sendfile, 0), FILE_(copy_file_range, 2), FILE_(fchmod, 0), FILE_(fchown, 0),
  FILE_(fsync, 0), FILE_(fdatasync, 0), FILE_(fsetxattr, 0), FILE_(fremovexattr, 0),
#ifdef SYS_renameat
  PATH(renameat, 1),
#endif
#ifdef SYS_open
  {SYS_open, "open", 0, NONE, 1},
  PATH(creat, 0), PATH(mkdir, 0), PATH(mknod, 0), PATH(rmdir, 0), PATH(unlink, 0), PATH(rename, 0), PATH(link, 1),
  PATH(symlink, 1), PATH(chmod, 0), PATH(chown, 0), PATH(lchown, 0), PATH(utime, 0), PATH(utimes, 0),
  PATH(futimesat, 1),
#endif
};
enum { count = sizeof calls / sizeof *calls };

static void wake(int signal) { (void)signal; }
static void fail(const char *what) { perror(what); exit(2); }

static int install(void) {
  struct sock_filter code[count + 3];
  int at = 0;
  code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (int i = 0; i < count; i++)
    code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, count - i, 0);
  code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
  struct sock_fprog program = {at, code};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static int is_regular(pid_t pid, int descriptor) {
  char link[64];
  struct stat stats;
  snprintf(link, sizeof link, "/proc/%d/fd/%d", pid, descriptor);
  return stat(link, &stats) == 0 && (S_ISREG(stats.st_mode) || S_ISDIR(stats.st_mode));
}

// The call when it is one that changes the disk; `where` gets the path as the process wrote it, or its file's.
static const struct call *changing(const struct seccomp_notif *notice, char *where, size_t size) {
  for (int i = 0; i < count; i++) {
    const struct call *call = &calls[i];
    if (call->number != notice->data.nr) continue;
    const unsigned long long *args = notice->data.args;
    if (call->flags != NONE && !(args[call->flags] & (O_CREAT | O_TRUNC))) return NULL;
    char name[64];
    ssize_t length = -1;
    if (call->descriptor != NONE) {
      if (!is_regular(notice->pid, args[call->descriptor])) return NULL;
      snprintf(name, sizeof name, "/proc/%d/fd/%d", notice->pid, (int)args[call->descriptor]);
      length = readlink(name, where, size - 1);
    } else {
      snprintf(name, sizeof name, "/proc/%d/mem", notice->pid);
      int memory = open(name, O_RDONLY | O_CLOEXEC);
      if (memory >= 0) {
        length = pread(memory, where, size - 1, args[call->path]);
        close(memory);
      }
    }
    where[length < 0 ? 0 : length] = 0;
    return call;
  }
  return NULL;
}

// We are the parent of whatever loses its own.
static void kill_rest(void) {
  for (;;) {
    FILE *children = fopen("/proc/thread-self/children", "r");
    if (children == NULL) fail("children");
    int pid;
    while (fscanf(children, "%d", &pid) == 1) kill(pid, SIGKILL);
    fclose(children);
    if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD) return;
  }
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  const long wanted = atol(argv[1]);
  const int whole = strcmp(argv[2], "group") == 0;
  FILE *report = fopen(argv[3], "we");
  if (report == NULL) fail(argv[3]);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  // The end of a process ends the wait for calls.
  sigaction(SIGCHLD, &(struct sigaction){.sa_handler = wake}, NULL);
  volatile int *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) fail("mmap");
  *shared = NONE;
  // With our descriptors until it starts the command: so we have the listener too.
  const pid_t command = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
  if (command == 0) {
    *shared = install();
    if (*shared < 0) _exit(126);
    execvp(argv[4], argv + 4);
    _exit(127);
  }
  while (*shared < 0) {
    if (waitpid(command, NULL, WNOHANG) != 0) fail("seccomp");
    usleep(100);
  }
  struct pollfd listener = {*shared, POLLIN, 0};
  long seen = 0;
  for (int running = 1; running;) {
    struct seccomp_notif notice = {0};
    char where[4096];
    if (poll(&listener, 1, 20) > 0 && ioctl(listener.fd, SECCOMP_IOCTL_NOTIF_RECV, &notice) == 0) {
      const struct call *call = changing(&notice, where, sizeof where);
      if (call != NULL && ++seen == wanted) {
        fprintf(report, "killed %ld %s %s\n", seen, call->name, where);
        if (whole) break;
        kill(command, SIGKILL);
      }
      struct seccomp_notif_resp answer = {notice.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE};
      ioctl(listener.fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
    int status;
    for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) != 0;) {
      if (ended < 0) { running = 0; break; }
      if (ended != command || (wanted > 0 && seen >= wanted)) continue;
      fprintf(report, "ended %ld %d\n", seen, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
      running = 0;
      break;
    }
  }
  kill_rest();
  return 0;
}
