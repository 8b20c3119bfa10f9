/** The examples in JavaScript, run as Auth0 runs an Action: with the built package, against mock vendors. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Event } from '@auth0/actions/post-login/v3';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildPackage } from '../../tools/shared/build.ts';
import { ROOT } from '../../tools/shared/manifest.ts';
import { createApi } from '../../tools/simulator/auth0/post-login-api.ts';
import { loadAction } from '../../tools/simulator/auth0/runtime.ts';
import { getVendor } from '../../tools/simulator/vendors/all-vendors.ts';
import { startVendorMock, type VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import { signUp } from '../support/events.ts';
import { start } from '../support/server.ts';

beforeAll(async () => {
  await buildPackage();
});

const run = async (example: string, event: Event) => {
  const code = readFileSync(path.join(ROOT, 'examples', `${example}.js`), 'utf8');
  const action = loadAction({ name: example, code, dependencies: ['auth0-login-analytics'] });
  const { api, effects } = createApi(event);
  const { error, logs, outcomes } = await action.execute(event, api);
  const signedUp = effects.metadata.find(({ key }) => key === 'signedUp')?.value;
  return { error, logs, signedUp, statuses: outcomes.map(({ status }) => status) };
};

const startVendors = async (...names: string[]): Promise<VendorMock[]> => {
  const mocks = await Promise.all(names.map((name) => startVendorMock(getVendor(name))));
  onTestFinished(async () => {
    await Promise.all(mocks.map((mock) => mock.close()));
  });
  return mocks;
};

const getSecrets = (mocks: readonly VendorMock[]): Record<string, string> =>
  Object.assign({}, ...mocks.map(({ secrets }) => secrets));

const getTypes = (mocks: readonly VendorMock[]) => mocks.map(({ events }) => events.map(({ type }) => type));

/** A server that accepts everything, and what it received. */
const startReceiver = async () => {
  const received: Array<{ path: string; authorization: string | undefined; body: unknown }> = [];
  const url = await start((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString());
      received.push({ path: request.url ?? '', authorization: request.headers.authorization, body });
      response.end();
    });
  });
  return { url, received };
};

describe('examples/dashboard.js', () => {
  it('records a sign-up, with the property of the example', async () => {
    const mocks = await startVendors('splunk');
    const user = { ...signUp().user, app_metadata: { plan: 'gold' } };
    expect(await run('dashboard', signUp({ user, secrets: getSecrets(mocks) }))).toEqual({
      error: undefined,
      logs: '',
      signedUp: { splunk: true },
      statuses: ['delivered'],
    });
    expect(getTypes(mocks)).toEqual([['SignUp']]);
    expect(mocks[0]?.events[0]?.payload).toMatchObject({ event: { plan: 'gold' } });
  });

  it("prints the log line with the Action's console", async () => {
    const { logs } = await run('dashboard', signUp());
    expect(logs).toBe('[splunk] Not configured: SPLUNK_HEC_URL is missing; SPLUNK_HEC_TOKEN is missing\n');
  });
});

describe('examples/own-code.js', () => {
  it('records a customer at both destinations', async () => {
    const mocks = await startVendors('mixpanel', 'amplitude');
    const { error, statuses } = await run('own-code', signUp({ secrets: getSecrets(mocks) }));
    expect([error, statuses]).toEqual([undefined, ['delivered', 'delivered']]);
    expect(getTypes(mocks)).toEqual([['SignUp'], ['SignUp']]);
  });

  it('records no employee', async () => {
    const mocks = await startVendors('mixpanel', 'amplitude');
    const event = signUp({ authorization: { roles: ['employee'] }, secrets: getSecrets(mocks) });
    const { error, statuses } = await run('own-code', event);
    expect([error, statuses]).toEqual([undefined, []]);
    expect(getTypes(mocks)).toEqual([[], []]);
  });
});

describe('examples/custom-destination.js', () => {
  it('delivers to the custom destination, and remembers it', async () => {
    const { url, received } = await startReceiver();
    const event = signUp({ secrets: { ACME_URL: url, ACME_TOKEN: 'token' } });
    const { error, logs, signedUp } = await run('custom-destination', event);
    expect([error, logs, signedUp]).toEqual([undefined, '', { acme: true }]);
    expect(received).toEqual([
      {
        path: '/events',
        authorization: 'Bearer token',
        body: [
          expect.objectContaining({ name: 'SignUp', user: event.user.user_id, email: event.user.email }),
        ],
      },
    ]);
  });

  it('reports a secret that is missing', async () => {
    const { logs } = await run(
      'custom-destination',
      signUp({ secrets: { ACME_URL: 'https://acme.invalid' } }),
    );
    expect(logs).toBe('[acme] Not configured: ACME_TOKEN is missing\n');
  });
});

describe('examples/alert.js', () => {
  it('calls the webhook when an event was not delivered, once for many', async () => {
    const [splunk] = await startVendors('splunk');
    splunk?.injectFault({ response: { status: 403, body: '{"text":"Invalid token","code":4}' } });
    const { url, received } = await startReceiver();
    const code = readFileSync(path.join(ROOT, 'examples/alert.js'), 'utf8');
    const action = loadAction({ name: 'alert', code, dependencies: ['auth0-login-analytics'] });
    const event = signUp({ secrets: { ...splunk?.secrets, ALERT_URL: url } });
    for (let login = 1; login <= 3; login += 1) await action.execute(event, createApi(event).api);
    expect(received.map(({ body }) => body)).toEqual([
      [{ destination: 'splunk', status: 'failed', code: '403', message: '403 Invalid token' }],
    ]);
  });

  it('calls nobody when all is well', async () => {
    const mocks = await startVendors('splunk');
    const { url, received } = await startReceiver();
    const event = signUp({ secrets: { ...getSecrets(mocks), ALERT_URL: url } });
    expect((await run('alert', event)).statuses).toEqual(['delivered']);
    expect(received).toEqual([]);
  });
});
