import { anything, flag, integer, keys, listOf, text } from '../load/shape.ts';
import type { Mapping } from '../values/plain.ts';
import { isSet, type PayloadBuilder } from './payload.ts';
import { reference } from './shapes.ts';

const required = {
  implementation: text,
  'max-run-time': integer,
  'release-properties': keys({
    optional: {
      'app-name': text,
      'app-version': text,
      branch: text,
      'build-id': text,
      'hash-type': text,
      platform: text,
    },
  }),
  'upstream-artifacts': listOf(
    keys({ required: { taskId: reference, taskType: text, paths: listOf(text), locale: text } }),
  ),
};
const optional = { os: text, locale: text, 'partner-public': flag, 'artifact-map': anything };

/** A scriptworker that moves artifacts to where they are published. */
export const beetmover: PayloadBuilder = {
  shape: keys({ required, optional, unknown: 'allowed' }),
  known: [...Object.keys(required), ...Object.keys(optional)],
  setDefaults(worker) {
    worker['max-run-time'] ??= 600;
  },
  build({ params }, draft, definition) {
    const worker = draft['worker'] as Mapping;
    const properties = worker['release-properties'] as Mapping;
    const payload: Mapping = {
      maxRunTime: worker['max-run-time'],
      releaseProperties: {
        appName: properties['app-name'],
        appVersion: properties['app-version'],
        branch: properties['branch'],
        buildid: properties['build-id'],
        hashType: properties['hash-type'],
        platform: properties['platform'],
      },
      upload_date: params.build_date,
      upstreamArtifacts: worker['upstream-artifacts'],
    };
    if (isSet(worker['locale'])) payload['locale'] = worker['locale'];
    if (isSet(worker['artifact-map'])) payload['artifactMap'] = worker['artifact-map'];
    if (isSet(worker['partner-public'])) payload['is_partner_repack_public'] = worker['partner-public'];
    definition.payload = payload;
  },
};
