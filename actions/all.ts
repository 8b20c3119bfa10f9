/**
 * Every destination, in one Action: those with secrets are served concurrently. Written by `npm run generate`.
 *
 * A destination that needs a vendor's library is left out: loading it would cost each new instance of the Action time,
 * whether the destination is configured or not. So Segment is among them once, as `segment-http`.
 */
import { createAction } from '../lib/create-action.ts';
import { amplitude } from './amplitude.ts';
import { datadog } from './datadog.ts';
import { elastic } from './elastic.ts';
import { keen } from './keen.ts';
import { mixpanel } from './mixpanel.ts';
import { otlp } from './otlp.ts';
import { posthog } from './posthog.ts';
import { segmentHttp } from './segment-http.ts';
import { slack } from './slack.ts';
import { splunk } from './splunk.ts';
import { sumo } from './sumo.ts';
import { webhook } from './webhook.ts';

// biome-ignore format: one line for each destination.
export const sinks = [
  splunk,
  keen,
  segmentHttp,
  mixpanel,
  amplitude,
  posthog,
  otlp,
  webhook,
  datadog,
  elastic,
  slack,
  sumo,
];

export const onExecutePostLogin = createAction(sinks, { name: 'all' });
