/** Who takes part: our built Actions, and the others, with the same bytes to send. */
import { readFileSync } from 'node:fs';
import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { exampleEvent } from '../simulator/auth0/example-event.ts';
import { loadAction } from '../simulator/auth0/runtime.ts';
import { loadBuilt } from '../simulator/built-actions.ts';
import { getOutcome } from '../simulator/outcomes.ts';
import { vendors } from '../simulator/vendors/all-vendors.ts';
import { startVendorMock, type Vendor } from '../simulator/vendors/vendor-mock.ts';
import { fileOf, loadOpponent, type Post, type Send } from './baselines.ts';
import type { Link } from './link.ts';

export interface Subject {
  readonly name: string;
  readonly send: Send;
}

export type Secrets = Readonly<Record<string, string>>;

const LONG_AGO = '2019-05-04T10:20:30.000Z';

/** By default Keen is sent SignUps only. */
const LOGINS_TOO = { KEENIO_LOGIN_COLLECTION: 'logins' };

/** Takes everything, and keeps nothing. */
export const silentApi = { user: { setAppMetadata() {} }, access: { deny() {} } } as unknown as PostLoginAPI;

export const getVendor = (name: string): Vendor => {
  const vendor = vendors.find((candidate) => candidate.name === name);
  if (!vendor) throw new Error(`There is no embedded destination "${name}"`);
  return vendor;
};

/** Point an Action at a destination. */
export const secretsFor = (name: string, url: string, caCertificate?: string): Secrets => ({
  ...getVendor(name).secrets({ url, caCertificate }),
  ...LOGINS_TOO,
});

/** Point an Action at its destination behind the relay. */
export const linkedSecrets = (name: string, { destinations, caCertificate }: Link): Secrets => {
  const url = destinations[name]?.url;
  if (!url) throw new Error(`No destination "${name}" is served`);
  return secretsFor(name, url, caCertificate);
};

/** Number `index` of the logins of as many users. */
export const loginOf = (index: number, secrets: Secrets): Event => {
  const event = exampleEvent(LONG_AGO);
  const transaction = { ...event.transaction, id: `transaction ${index}` } as NonNullable<
    Event['transaction']
  >;
  return { ...event, user: { ...event.user, user_id: `auth0|${index}` }, transaction, secrets };
};

/** The first login of a user, which every destination takes. */
export const signUpOf = (index: number, secrets: Secrets): Event => ({
  ...loginOf(index, secrets),
  stats: { logins_count: 1 },
});

/** An instance of a built Action. Its first login is to prove that it does record. */
export const ours = async (name: string, secrets: Secrets, eventOf = loginOf): Promise<Subject> => {
  const action = loadBuilt(name);
  let logins = 0;
  const { logs } = await action.execute(eventOf(logins, { ...secrets, LOG: 'all' }), silentApi);
  if (getOutcome(logs) !== 'delivered') throw new Error(logs);
  return {
    name,
    async send() {
      logins += 1;
      const { error, logs } = await action.execute(eventOf(logins, secrets), silentApi);
      if (error || logs) throw error ?? new Error(logs);
    },
  };
};

/** What an Action sends for a login, and how: without what Node adds to any request. */
export const postOf = async (name: string): Promise<{ path: string } & Omit<Post, 'url'>> => {
  const destination = await startVendorMock(getVendor(name));
  try {
    const secrets = { ...destination.secrets, ...LOGINS_TOO };
    await ours(name, secrets);
    const [request] = destination.requests;
    if (!request) throw new Error(`${name} sent nothing`);
    const { host, connection, 'transfer-encoding': _, ...headers } = request.headers;
    const { path, body } = request;
    return { path, body, headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) } };
  } finally {
    await destination.close();
  }
};

/** What an Action sends, on its way through the relay. */
export const linkedPostOf = async (name: string, link: Link): Promise<Post> => {
  const { path, ...post } = await postOf(name);
  return { ...post, url: `${link.destinations[name]?.url}${path}` };
};

export const baseline = (name: string, file: string, post: Post & { strictSSL?: boolean }): Subject => ({
  name,
  send: loadOpponent(file, post),
});

/** The least that an Action can be, run as ours are. */
export const bareAction = (name: string, { url, headers, body }: Post): Subject => {
  const code = readFileSync(fileOf('bare-action'), 'utf8');
  const action = loadAction({ name, code, dependencies: ['axios'] });
  const secrets: Secrets = { url, authorization: headers.authorization ?? '', body };
  let logins = 0;
  return {
    name,
    async send() {
      logins += 1;
      const { error } = await action.execute(loginOf(logins, secrets), silentApi);
      if (error) throw error;
    },
  };
};
