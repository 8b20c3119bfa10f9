/** What `doctor` reports of a vendor's response, read from the tables of the mock vendors. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { getHint } from '../../tools/cli/doctor/responses.ts';
import { ROOT } from '../../tools/shared/manifest.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';

describe('getHint', () => {
  it.each([
    ['amplitude', 400, 'Invalid API key: 123', 'copy AMPLITUDE_API_KEY again'],
    ['amplitude', 404, '', 'check AMPLITUDE_HOST'],
    ['datadog', 403, 'API key is invalid', 'copy DATADOG_API_KEY again'],
    ['elastic', 401, 'unable to authenticate', 'copy ELASTIC_AUTH again'],
    ['elastic', 403, '', 'create_doc'],
    ['keen', 401, 'Invalid API key.', 'copy KEENIO_WRITE_KEY again'],
    ['mixpanel', 401, 'Invalid credentials', 'copy MIXPANEL_TOKEN again'],
    ['mixpanel', 403, '', 'owner or admin'],
    ['otlp', 401, '', 'OTLP_HEADERS must'],
    ['otlp', 404, '', 'OTLP_ENDPOINT must'],
    ['posthog', 200, '', 'unknown key'],
    ['posthog', 401, '', 'copy POSTHOG_API_KEY again'],
    ['segment', 404, 'Not Found', 'check SEGMENT_HOST'],
    ['segment', 401, 'Invalid Write Key', 'copy SEGMENT_WRITE_KEY again'],
    ['segment-http', 404, 'source is disabled by the user', 'enable it in RudderStack'],
    ['slack', 404, 'no_service', 'create another webhook'],
    ['slack', 403, 'invalid_token', 'copy SLACK_WEBHOOK_URL again'],
    ['splunk', 303, '', 'this is Splunk Web'],
    ['splunk', 503, 'HEC is unhealthy, queues are full', '(code 18)'],
    ['splunk', 503, 'HEC is unhealthy, queues are full, ack service unavailable', '(code 20)'],
    ['sumo', 401, '', 'copy SUMO_URL again'],
    ['sumo', 408, '', 'count distinct values of id'],
    ['webhook', 400, "error: invalid 'Content-Type'", 'set WEBHOOK_CONTENT_TYPE'],
    ['webhook', 400, 'Bad Request', 'CloudEvents'],
  ])('explains what %s means by %i %s', async (name, status, message, hint) => {
    expect(await getHint(name, status, message)).toContain(hint);
  });

  it.each([
    ['amplitude', 400, 'Invalid event JSON'],
    ['splunk', 200, 'Success'],
    ['splunk', undefined, 'Invalid token'],
    ['splunk', 418, 'short and stout'],
  ])('has nothing to say about %s %s %s', async (name, status, message) => {
    expect(await getHint(name, status, message)).toBeUndefined();
  });

  it.each(vendors)('knows the responses of $name', async ({ name }) => {
    expect(await getHint(name, 404, '')).toMatch(/: .+/);
  });
});

describe('table of responses', () => {
  const folder = path.join(ROOT, 'tools/simulator/vendors');
  const files = readdirSync(folder).filter((file) => file.endsWith('.responses.ts'));

  it.each(files)('imports no code: %s', (file) => {
    const imports = readFileSync(path.join(folder, file), 'utf8').matchAll(
      /^(?:im|ex)port .* from '(.+)';$/gm,
    );
    for (const [statement, specifier] of imports) {
      expect(statement, specifier).toMatch(/^import type |\.responses\.ts';$/);
    }
  });
});
