import { runcGroupOf } from '../cgroup.ts';
import type { SandboxRequest } from '../engine.ts';
import { environmentOf } from '../request.ts';
import { hostname, worker } from './accounts.ts';
import type { OciMount } from './mount.ts';
import type { Root } from './root.ts';
import { innerCommand, makesGroups, type Runtime } from './runtime.ts';
import { seccompProfile } from './seccomp.ts';

/** Docker's default capabilities without MKNOD and NET_RAW: a task may be root in its container, not on the machine. */
const capabilities = [
  'CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP',
  'NET_BIND_SERVICE SYS_CHROOT AUDIT_WRITE SETFCAP',
].flatMap((line) => line.split(' ').map((name) => `CAP_${name}`));

const maskedPaths = [
  '/proc/acpi /proc/asound /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/timer_stats',
  '/proc/sched_debug /proc/scsi /sys/firmware /sys/fs/cgroup',
].flatMap((line) => line.split(' '));
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** The bundle's `config.json` for one command of a sandbox. */
export function containerSpec(
  request: SandboxRequest,
  root: Root,
  hidden: readonly string[],
  runtime: Runtime,
  command: readonly string[],
): object {
  const { users } = runtime;
  const isRoot = users === null;
  const user = isRoot ? 0 : users.inside;
  const home = user === 0 ? '/root' : worker.home;
  const env = Object.entries({ HOME: home, ...environmentOf(request) }).map(
    ([name, value]) => `${name}=${value}`,
  );
  const granted = isRoot || user === 0 ? capabilities : [];
  const namespaces = ['pid', 'mount', 'ipc', 'uts'];
  if (request.network === 'none') namespaces.push('network');
  if (!isRoot) namespaces.push('user');
  const mapping = (id: number) => (users ? [{ containerID: users.inside, hostID: id, size: 1 }] : []);
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: user, gid: user, umask: 0o022 },
      args: innerCommand(runtime, command, env),
      env,
      cwd: request.cwd ?? worker.home,
      capabilities: {
        bounding: granted,
        effective: granted,
        permitted: granted,
        inheritable: [],
        ambient: [],
      },
      noNewPrivileges: false,
    },
    root: { path: root.path, readonly: true },
    hostname,
    mounts: [...kernelMounts(isRoot, request.network), ...root.mounts],
    linux: {
      namespaces: namespaces.map((type) => ({ type })),
      ...(users ? { uidMappings: mapping(users.outsideUser), gidMappings: mapping(users.outsideGroup) } : {}),
      // Named, so that what a killed runc leaves is found. (Not root: runc gives up when it cannot make it.)
      ...(makesGroups(runtime) ? runcResources(request) : {}),
      rootfsPropagation: 'rprivate',
      seccomp: seccompProfile(request.allowPtrace === true),
      maskedPaths: [...maskedPaths, ...hidden, ...root.hidden],
      readonlyPaths,
    },
  };
}

function runcResources({ id, memory }: SandboxRequest): object {
  return {
    cgroupsPath: `/${runcGroupOf(id)}`,
    ...(memory === undefined ? {} : { resources: { memory: { limit: memory } } }),
  };
}

function kernelMounts(isRoot: boolean, network: SandboxRequest['network']): OciMount[] {
  const quiet = ['nosuid', 'noexec', 'nodev'];
  const terminalGroup = isRoot ? ['gid=5'] : []; // no other group is mapped
  return [
    mount('/proc', 'proc', []),
    mount('/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    mount('/dev/pts', 'devpts', [
      'nosuid',
      'noexec',
      'newinstance',
      'ptmxmode=0666',
      'mode=0620',
      ...terminalGroup,
    ]),
    mount('/dev/shm', 'tmpfs', [...quiet, 'mode=1777']),
    mount('/dev/mqueue', 'mqueue', quiet),
    // A user namespace may mount it only for a network that is its own.
    isRoot || network === 'none'
      ? mount('/sys', 'sysfs', [...quiet, 'ro'])
      : { destination: '/sys', type: 'bind', source: '/sys', options: ['rbind', ...quiet, 'ro'] },
  ];
}

function mount(destination: string, type: string, options: readonly string[]): OciMount {
  return { destination, type, source: type, options };
}
