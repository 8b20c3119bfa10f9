import { type Activity, commonProperties } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { matching } from '../lib/formats.ts';
import { eventNames, optional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';
import { secretUrl } from './shared/secret-url.ts';

const header = matching(/^[ -~]{1,1024}$/, 'must be ASCII characters');
const fields = matching(/^[\w-]+=[ -+\--<>-~]+(,[\w-]+=[ -+\--<>-~]+)*$/, 'must be name=value,name=value');

const names = eventNames('SUMO', 'SignUp', 'Login');

const secrets = {
  SUMO_URL: required(
    secretUrl,
    'URL of the HTTP source: `https://endpoint4.collection.sumologic.com/receiver/v1/http/…`',
  ),
  SUMO_CATEGORY: optional(header, '`_sourceCategory` of the logs', 'auth0/activity'),
  SUMO_NAME: optional(header, '`_sourceName` of the logs, instead of that of the source'),
  SUMO_FIELDS: optional(fields, 'Fields of the logs, which Sumo Logic has to know: `env=prod,team=identity`'),
  ...names.secrets,
};

type Secrets = SecretValues<typeof secrets>;

/**
 * The log. Sumo Logic takes the first timestamp in it for its time, so that comes before every property, and none may
 * replace it. Nothing is deduplicated: count distinct values of `id`.
 */
const toPayload = (activity: Activity, secrets: Secrets) => {
  const time = { timestamp: activity.time };
  return {
    ...time,
    ...activity.user.properties,
    ...commonProperties(activity),
    ...time,
    event: names.getEventName(activity, secrets),
    type: activity.type,
    id: activity.id,
    userId: activity.user.id,
    name: activity.user.name,
    ip: activity.request.ip,
  };
};

export const sumo = defineSink({
  name: 'sumo',
  title: 'Sumo Logic, HTTP source',
  docs: [
    'https://help.sumologic.com/docs/send-data/hosted-collectors/http-source/logs-metrics/upload-logs/',
    'https://help.sumologic.com/docs/send-data/hosted-collectors/http-source/troubleshooting/',
  ],
  secrets,
  // Requests of 100 kB to 1 MB are recommended, and an activity is about 2 kB, at most 20 kB.
  batchLimit: 50,
  toPayload,
  async send(activities, secrets, http) {
    await http({
      url: secrets.SUMO_URL,
      headers: {
        'X-Sumo-Category': secrets.SUMO_CATEGORY,
        ...(secrets.SUMO_NAME && { 'X-Sumo-Name': secrets.SUMO_NAME }),
        ...(secrets.SUMO_FIELDS && { 'X-Sumo-Fields': secrets.SUMO_FIELDS }),
      },
      body: activities.map((activity) => JSON.stringify(toPayload(activity, secrets))).join('\n'),
      // Sumo Logic responds with nothing.
      isAccepted: ({ body }) => body === undefined,
    });
  },
});

export const onExecutePostLogin = createAction(sumo);
