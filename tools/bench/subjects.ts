/** The subjects of the measurements: the built Actions, and the baselines, which send the same bytes. */
import { readFileSync } from 'node:fs';
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { exampleEvent } from '../simulator/auth0/example-event.ts';
import { loadAction } from '../simulator/auth0/runtime.ts';
import { loadBuilt } from '../simulator/built-actions.ts';
import { getVendor } from '../simulator/vendors/all-vendors.ts';
import { startVendorMock } from '../simulator/vendors/vendor-mock.ts';
import { VendorStore } from '../simulator/vendors/vendor-store.ts';
import {
  type BaselineOptions,
  type CapturedRequest,
  loadBaseline,
  type RecordLogin,
  toBaselineFile,
} from './baselines.ts';
import type { Network } from './network.ts';

export interface Subject {
  readonly name: string;
  readonly recordLogin: RecordLogin;
}

export type Secrets = Readonly<Record<string, string>>;

const YEARS_AGO = '2019-05-04T10:20:30.000Z';

/** By default the Actions `keen` and `slack` record SignUps only. */
const RECORD_LOGINS = { KEENIO_LOGIN_COLLECTION: 'logins', SLACK_LOGINS: 'true' };

/** Accepts everything, and stores nothing. */
export const noopApi = { user: { setAppMetadata() {} }, access: { deny() {} } } as unknown as PostLoginAPI;

/** The secrets that point an Action to a URL. */
export const getSecrets = (name: string, url: string, caCertificate?: string): Secrets => ({
  ...getVendor(name).secrets({ url, caCertificate }),
  ...RECORD_LOGINS,
});

/** The secrets that point an Action to its vendor behind the relay. */
export const getNetworkSecrets = (name: string, { vendors, caCertificate }: Network): Secrets => {
  const url = vendors[name]?.url;
  if (!url) throw new Error(`The network has no vendor "${name}"`);
  return getSecrets(name, url, caCertificate);
};

/** A login of user number `index`. */
export const createLogin = (index: number, secrets: Secrets): Event => {
  const event = exampleEvent(YEARS_AGO);
  const transaction = { ...event.transaction, id: `transaction ${index}` } as NonNullable<
    Event['transaction']
  >;
  return { ...event, user: { ...event.user, user_id: `auth0|${index}` }, transaction, secrets };
};

/** An instance of a built Action, whose first login has been delivered. */
export const createAction = async (name: string, secrets: Secrets): Promise<Subject> => {
  const action = loadBuilt(name);
  let logins = 0;
  const { outcomes } = await action.execute(createLogin(logins, secrets), noopApi);
  const isDelivered = outcomes.length > 0 && outcomes.every(({ status }) => status === 'delivered');
  if (!isDelivered) throw new Error(`${name} did not deliver its first login: ${JSON.stringify(outcomes)}`);
  return {
    name,
    async recordLogin() {
      logins += 1;
      // An Action that has delivered a login logs nothing.
      const { error, logs } = await action.execute(createLogin(logins, secrets), noopApi);
      if (error || logs) throw error ?? new Error(logs);
    },
  };
};

/** What an Action sends for a login to a base URL, without the headers that Node adds to every request. */
export const captureRequest = async (name: string, baseUrl: string): Promise<CapturedRequest> => {
  const mock = await startVendorMock(getVendor(name));
  try {
    await createAction(name, { ...mock.secrets, ...RECORD_LOGINS });
    const [request] = mock.requests;
    if (!request) throw new Error(`${name} sent nothing`);
    const { host, connection, 'transfer-encoding': _, ...headers } = request.headers;
    const { path, body } = request;
    return {
      url: `${baseUrl}${path}`,
      body,
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    };
  } finally {
    await mock.close();
  }
};

/** The body with which the vendor accepts a captured request. */
export const acceptRequest = async (name: string, request: CapturedRequest): Promise<string> => {
  const { url, headers, body } = request;
  const init = { method: 'POST', headers, body };
  const response = await getVendor(name).app.fetch(new Request(url, init), {
    accept() {},
    store: new VendorStore(),
  });
  return response.text();
};

/** What an Action sends to its vendor behind the relay. */
export const captureNetworkRequest = (name: string, network: Network): Promise<CapturedRequest> =>
  captureRequest(name, String(network.vendors[name]?.url));

export const createBaseline = (name: string, file: string, options: BaselineOptions): Subject => ({
  name,
  recordLogin: loadBaseline(file, options),
});

/** The smallest possible Action, in the same runtime as the built ones. */
export const createMinimalAction = (name: string, { url, headers, body }: CapturedRequest): Subject => {
  const code = readFileSync(toBaselineFile('minimal-action'), 'utf8');
  const action = loadAction({ name, code, dependencies: ['axios'] });
  const secrets: Secrets = { url, authorization: headers.authorization ?? '', body };
  let logins = 0;
  return {
    name,
    async recordLogin() {
      logins += 1;
      const { error } = await action.execute(createLogin(logins, secrets), noopApi);
      if (error) throw error;
    },
  };
};
