import type { Activity } from '../lib/activity.ts';
import { createAction } from '../lib/create-action.ts';
import { baseUrl, format, matching } from '../lib/formats.ts';
import { getField, getItems } from '../lib/json.ts';
import { eventNames, optional, required, type SecretValues } from '../lib/secrets.ts';
import { defineSink } from '../lib/sink.ts';
import { getFailure, toAuth0, toClient, toEvent, withReason } from './shared/elastic.ts';

/** The header for an encoded API key, or for `user:password`: an encoded key has no colon. */
const authorization = format(
  'must be an encoded API key or user:password',
  (input) => {
    if (/^[^:]+:./.test(input)) return `Basic ${Buffer.from(input).toString('base64')}`;
    return /^[\w+/=-]+$/.test(input) ? `ApiKey ${input}` : undefined;
  },
  { sensitive: true },
);

/** https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-create */
const indexName = matching(/^[a-z\d][a-z\d._-]{0,199}$/, 'must be a name in lower case');

const names = eventNames('ELASTIC', 'user-signup', 'user-login');

const secrets = {
  ELASTIC_URL: required(
    baseUrl,
    'URL of Elasticsearch or OpenSearch: `https://acme.es.eu-west-1.aws.elastic.cloud`',
  ),
  ELASTIC_AUTH: required(
    authorization,
    'API key in its encoded form, or `user:password`; it needs the privileges `create_doc` and `auto_configure`',
  ),
  ELASTIC_INDEX: optional(indexName, 'Data stream or index to write to', 'logs-auth0.activity-default'),
  ...names.secrets,
};

type Secrets = SecretValues<typeof secrets>;

/** The document, by the Elastic Common Schema. Its `_id` is the id of the activity: an index accepts it once. */
const toPayload = (activity: Activity, secrets: Secrets) => ({
  '@timestamp': activity.time,
  ecs: { version: '8.11.0' },
  message: `${activity.type} of ${activity.user.id}`,
  event: { ...toEvent(activity), action: names.getEventName(activity, secrets) },
  user: {
    id: activity.user.id,
    name: activity.user.username,
    full_name: activity.user.name,
    email: activity.user.email,
  },
  client: toClient(activity),
  user_agent: { original: activity.request.userAgent },
  url: { domain: activity.request.hostname },
  organization: { id: activity.organization.id, name: activity.organization.name },
  service: { name: activity.application.name, type: 'auth0' },
  labels: { ...activity.user.properties, ...activity.properties },
  auth0: toAuth0(activity),
});

export const elastic = defineSink({
  name: 'elastic',
  title: 'Elastic, bulk API of Elasticsearch and OpenSearch',
  docs: [
    'https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk',
    'https://docs.opensearch.org/latest/api-reference/document-apis/bulk/',
    'https://www.elastic.co/docs/reference/ecs/ecs-field-reference',
  ],
  secrets,
  batchLimit: 100,
  toPayload,
  async send(activities, secrets, http) {
    const lines = activities.flatMap((activity) => [
      // The only operation of a data stream, and the one that never overrides a document.
      { create: { _id: activity.id } },
      toPayload(activity, secrets),
    ]);
    const { body } = await http({
      url: `${secrets.ELASTIC_URL}/${secrets.ELASTIC_INDEX}/_bulk?filter_path=errors,items.*.status,items.*.error`,
      headers: { 'Content-Type': 'application/x-ndjson', Authorization: secrets.ELASTIC_AUTH },
      body: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
      isAccepted: ({ body }) =>
        typeof getField(body, 'errors') === 'boolean' &&
        getItems(getField(body, 'items')).length === activities.length,
    }).catch((error) => {
      throw withReason(error);
    });
    const failure = getFailure(body, activities);
    if (failure) throw failure;
  },
});

export const onExecutePostLogin = createAction(elastic);
