/**
 * Mocks the bulk API of Elasticsearch, and of OpenSearch where that is the same: API keys and Basic authentication,
 * privileges on an index, NDJSON, data streams, deduplication by `_id` within an index, a result for each document, and
 * the types of the fields that the Elastic Common Schema has and an index template maps.
 *
 * Limitations: no `index`, `update` and `delete`, no pipelines, no roll-over (after it, a data stream accepts an `_id`
 * again), no versions, no SigV4, no YAML or CBOR, no `filter_path` but that of the Action, and no limit of the size.
 *
 * Undocumented, so guessed: the exact reasons of 400 and 403.
 *
 * https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
 * https://www.elastic.co/docs/manage-data/data-store/data-streams
 * https://www.elastic.co/docs/reference/ecs/ecs-field-reference
 */
import { isIP } from 'node:net';
import { type Context, Hono } from 'hono';
import * as v from 'valibot';
import { asString, isObject, parseObject } from '../json.ts';
import { getMediaType } from './media-type.ts';
import type { Vendor, VendorEnv } from './vendor-mock.ts';

/** `id:key` in base64. */
const API_KEY = 'VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==';
export const USER = 'auth0_writer:s3cret-Pa55';
const AUTHORIZATIONS = [`ApiKey ${API_KEY}`, `Basic ${Buffer.from(USER).toString('base64')}`];

const MEDIA_TYPES = ['application/x-ndjson', 'application/json'];
/** An index template makes these names data streams. */
const DATA_STREAM = /^logs-[^-]+-[^-]+$/;
/** The names on which the API key and the user have privileges. */
const WRITABLE = /^(logs-auth0\.|auth0)/;
const ID_LIMIT_BYTES = 512;

/** A keyword accepts any value but an object. */
const keyword = v.union([v.string(), v.number(), v.boolean(), v.array(v.string())]);
const date = v.pipe(v.string(), v.isoTimestamp());

const Document = v.looseObject({
  '@timestamp': v.optional(date),
  event: v.optional(v.looseObject({ id: v.optional(keyword), created: v.optional(date) })),
  client: v.optional(
    v.looseObject({
      ip: v.optional(
        v.pipe(
          v.string(),
          v.check((value) => isIP(value) > 0, 'not an IP string literal'),
        ),
      ),
      as: v.optional(v.looseObject({ number: v.optional(v.pipe(v.number(), v.integer())) })),
      geo: v.optional(
        v.looseObject({ location: v.optional(v.object({ lat: v.number(), lon: v.number() })) }),
      ),
    }),
  ),
  labels: v.optional(v.record(v.string(), keyword)),
});

interface Result {
  status: number;
  error?: { type: string; reason: string };
}

const app = new Hono<VendorEnv>();

app.post('/:index/_bulk', async (c) => {
  if (!AUTHORIZATIONS.includes(c.req.header('Authorization') ?? ''))
    return reject(c, 401, 'security_exception', 'unable to authenticate for REST request');
  const mediaType = getMediaType(c) ?? '';
  if (!MEDIA_TYPES.includes(mediaType))
    return reject(
      c,
      406,
      'media_type_header_exception',
      `Content-Type header [${mediaType}] is not supported`,
    );
  const body = await c.req.text();
  if (!body.endsWith('\n'))
    return reject(
      c,
      400,
      'illegal_argument_exception',
      'The bulk request must be terminated by a newline [\\n]',
    );
  const lines = body.slice(0, -1).split('\n');
  const operations = lines.filter((_, at) => at % 2 === 0).map((line) => parseObject(line)?.create);
  if (lines.length % 2 > 0 || !operations.every(isObject))
    return reject(c, 400, 'illegal_argument_exception', 'Malformed action/metadata line');

  const index = c.req.param('index');
  const items = operations.map(({ _id }, at) => ({
    create: store(c, index, asString(_id), lines[2 * at + 1] ?? ''),
  }));
  return c.json({ errors: items.some(({ create }) => create.error !== undefined), items });
});

const reject = (c: Context, status: 400 | 401 | 406, type: string, reason: string): Response =>
  c.json({ error: { root_cause: [{ type, reason }], type, reason }, status }, status);

const store = (c: Context<VendorEnv>, index: string, id: string, json: string): Result => {
  if (!WRITABLE.test(index))
    return fail(
      403,
      'security_exception',
      'action [indices:data/write/bulk[s]] is unauthorized for this API key',
    );
  if (Buffer.byteLength(id) > ID_LIMIT_BYTES)
    return fail(400, 'illegal_argument_exception', 'id is too long, must be no longer than 512 bytes');
  const { success, output, issues } = v.safeParse(Document, parseObject(json));
  if (!success) {
    const field = v.getDotPath(issues[0]);
    return fail(400, 'document_parsing_exception', `failed to parse field [${field}]: ${issues[0].message}`);
  }
  if (DATA_STREAM.test(index) && output['@timestamp'] === undefined)
    return fail(400, 'document_parsing_exception', 'data stream timestamp field [@timestamp] is missing');

  const { activity } = isObject(output.auth0) ? output.auth0 : {};
  const type = activity === 'SignUp' || activity === 'Login' ? activity : 'other';
  const userId = isObject(output.user) ? asString(output.user.id) : '';
  const isNew = c.env.accept({ id, type, userId, payload: output }, id && `${index}/${id}`);
  return isNew
    ? { status: 201 }
    : fail(409, 'version_conflict_engine_exception', 'version conflict, document already exists');
};

const fail = (status: number, type: string, reason: string): Result => ({ status, error: { type, reason } });

export const elastic: Vendor = {
  name: 'elastic',
  app,
  recordedTypes: ['SignUp', 'Login'],
  secrets: ({ url }) => ({ ELASTIC_URL: url, ELASTIC_AUTH: API_KEY }),
};
