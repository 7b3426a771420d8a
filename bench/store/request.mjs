/** What a task asks the store for. */
export function requestFor(name, level = '3') {
  return {
    name: `bench-level-${level}-${name}-v1-00000000000000000000`,
    trustDomain: 'bench',
    level,
    shortName: name,
    record: { protocol: 1, platform: { implementation: 'docker-worker', os: 'linux' } },
    mountPoint: '/cache',
    holder: { taskId: 'AAAAAAAAQQGAAAAAAAAAAA', runId: 0, label: 'bench' },
    shareDown: true,
  };
}
