/** System calls that change the machine, look past the container's walls, or have a long history of holes. */
const denied = [
  'acct add_key bpf clock_adjtime clock_settime create_module delete_module finit_module fsconfig',
  'fsmount fsopen fspick init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl',
  'kexec_file_load kexec_load keyctl lookup_dcookie mount mount_setattr move_mount nfsservctl',
  'open_by_handle_at open_tree perf_event_open pivot_root quotactl quotactl_fd reboot request_key',
  'setns settimeofday swapoff swapon syslog umount umount2 unshare userfaultfd uselib vhangup',
].flatMap((line) => line.split(' '));
const tracing = ['kcmp', 'pidfd_getfd', 'process_vm_readv', 'process_vm_writev', 'ptrace'];

/** CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}: each alone, since a rule can only ask for all bits of a mask. */
const namespaceFlags = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000];

const EPERM = 1;
const ENOSYS = 38;

/** A program of the machine's other word size must meet the same list, not be killed. */
const architectures: Readonly<Record<string, readonly string[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

/** The filter for system calls: all are allowed but these. */
export function seccompProfile(allowPtrace: boolean): object {
  const refuse = (names: readonly string[], errnoRet: number, args?: object[]) => ({
    names,
    action: 'SCMP_ACT_ERRNO',
    errnoRet,
    ...(args ? { args } : {}),
  });
  const names = allowPtrace ? denied : [...denied, ...tracing];
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: architectures[process.arch] ?? [],
    syscalls: [
      refuse(names, EPERM),
      // Its flags lie in memory where a filter cannot look; "not there" makes C libraries use clone instead.
      refuse(['clone3'], ENOSYS),
      ...namespaceFlags.map((flag) =>
        refuse(['clone'], EPERM, [{ index: 0, value: flag, valueTwo: flag, op: 'SCMP_CMP_MASKED_EQ' }]),
      ),
    ],
  };
}
