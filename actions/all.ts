/**
 * Every destination that is configured, in one Action. They are served at the same time.
 *
 * Segment is among them once, or every login would be there twice; and through its HTTP API, because its library takes
 * each new instance of the Action 40 ms to load, with or without Segment.
 */
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { type Action, recordEverywhere } from '../lib/record.ts';
import { amplitude } from './amplitude.ts';
import { datadog } from './datadog.ts';
import { keen } from './keen.ts';
import { mixpanel } from './mixpanel.ts';
import { otlp } from './otlp.ts';
import { posthog } from './posthog.ts';
import { segmentHttp } from './segment-http.ts';
import { splunk } from './splunk.ts';
import { webhook } from './webhook.ts';

export const all: Action = {
  name: 'all',
  sinks: [splunk, keen, segmentHttp, mixpanel, amplitude, posthog, otlp, webhook, datadog],
};

/**
 * Handler that Auth0 calls for every login.
 *
 * @param {Event} event - The user and the circumstances of the login.
 * @param {PostLoginAPI} api - What an Action may change about it.
 * @preserve
 */
export const onExecutePostLogin = async (event: Event, api: PostLoginAPI): Promise<void> =>
  recordEverywhere(all, event, api);
