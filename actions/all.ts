/**
 * Every destination, in one Action: those with secrets are served concurrently.
 *
 * Segment is among them once, or every login would be there twice; and through its HTTP API, because its SDK takes each
 * new instance of the Action 40 ms to load, with or without Segment.
 */
import { createAction } from '../lib/create-action.ts';
import { amplitude } from './amplitude.ts';
import { datadog } from './datadog.ts';
import { keen } from './keen.ts';
import { mixpanel } from './mixpanel.ts';
import { otlp } from './otlp.ts';
import { posthog } from './posthog.ts';
import { segmentHttp } from './segment-http.ts';
import { splunk } from './splunk.ts';
import { webhook } from './webhook.ts';

export const sinks = [splunk, keen, segmentHttp, mixpanel, amplitude, posthog, otlp, webhook, datadog];

export const onExecutePostLogin = createAction(sinks, { name: 'all' });
