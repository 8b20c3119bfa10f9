import { createAction } from '../lib/create-action.ts';
import { defineSink } from '../lib/sink.ts';
import { BATCH_LIMIT, isAccepted, region, secrets, toPayload } from './shared/segment.ts';

export const segmentHttp = defineSink({
  name: 'segment-http',
  title: 'Segment, HTTP Tracking API',
  docs: [
    'https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/',
    'https://segment.com/docs/connections/spec/track/',
  ],
  secrets,
  batchLimit: BATCH_LIMIT,
  toPayload,
  async send(activities, secrets, http) {
    await http({
      url: `${region.getHost(secrets)}/v1/batch`,
      headers: { Authorization: `Basic ${Buffer.from(`${secrets.SEGMENT_WRITE_KEY}:`).toString('base64')}` },
      body: JSON.stringify({
        batch: activities.flatMap((activity) =>
          Object.entries(toPayload(activity, secrets)).map(([type, call]) => ({ type, ...call })),
        ),
        sentAt: new Date(),
        writeKey: secrets.SEGMENT_WRITE_KEY,
      }),
      isAccepted,
    });
  },
});

export const onExecutePostLogin = createAction(segmentHttp);
