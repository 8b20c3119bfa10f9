import type { Analytics } from '@segment/analytics-node';
import { createAction } from '../lib/create-action.ts';
import { RejectedError } from '../lib/errors.ts';
import { defineSink } from '../lib/sink.ts';
import { BATCH_LIMIT, isAccepted, region, secrets, toPayload } from './shared/segment.ts';

/** Loaded with the first event: an Action that records elsewhere does not need the SDK. */
const loadSdk = () =>
  import('@segment/analytics-node').catch((error: NodeJS.ErrnoException) => {
    if (!error.code?.endsWith('MODULE_NOT_FOUND')) throw error;
    const hint = "add it to the Action's dependencies, or use segmentHttp";
    throw new RejectedError('@segment/analytics-node is not installed', { hint });
  });

export const segment = defineSink({
  name: 'segment',
  title: 'Segment, Node SDK',
  docs: [
    'https://segment.com/docs/connections/sources/catalog/libraries/server/node/',
    'https://segment.com/docs/connections/spec/identify/',
  ],
  secrets,
  batchLimit: BATCH_LIMIT,
  toPayload,
  async send(activities, secrets, http) {
    // The SDK does not report failures, so the outcome is that of its requests.
    const requests: Promise<{ status: number; statusText: string }>[] = [];
    const host = region.getHost(secrets);
    const payloads = activities.map((activity) => toPayload(activity, secrets));
    const { Analytics: Sdk } = await loadSdk();
    const analytics = new Sdk({
      writeKey: secrets.SEGMENT_WRITE_KEY,
      host,
      maxRetries: 0,
      flushAt: payloads.flatMap((payload) => Object.keys(payload)).length,
      httpClient: {
        makeRequest: (request) => {
          const response = http({ ...request, url: `${host}/v1/batch`, isAccepted }).then(({ status }) => ({
            status,
            statusText: '',
          }));
          requests.push(response);
          return response;
        },
      },
    });
    for (const { identify, group, track } of payloads) {
      // The SDK's types are narrower than what it accepts: an absent field can be undefined.
      analytics.identify(identify as Parameters<Analytics['identify']>[0]);
      if (group) analytics.group(group as Parameters<Analytics['group']>[0]);
      analytics.track(track as Parameters<Analytics['track']>[0]);
    }
    await analytics.closeAndFlush();
    if (requests.length === 0) throw new RejectedError('the SDK did not send the event');
    await Promise.all(requests);
  },
});

export const onExecutePostLogin = createAction(segment);
