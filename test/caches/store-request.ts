import type { CacheRecord } from '../../src/caches/record.ts';
import type { LeaseRequest } from '../../src/caches/store.ts';

export const recordOf = (wrapper: string, more: Partial<CacheRecord> = {}): CacheRecord => ({
  protocol: 1,
  wrapper: wrapper.repeat(64),
  platform: { implementation: 'docker-worker', os: 'linux' },
  ...more,
});

export const requestOf = (name: string, more: Partial<LeaseRequest> = {}): LeaseRequest => ({
  name,
  trustDomain: 'test',
  level: '1',
  shortName: 'files',
  record: recordOf('a'),
  mountPoint: '/files',
  holder: { taskId: 'task', runId: 0, label: 'label' },
  ...more,
});
