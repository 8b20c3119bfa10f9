/** Would the destination take a login? From the secrets to the answer to an activity that is marked as a test. */
import { randomUUID } from 'node:crypto';
import type { Activity } from '../../../lib/activity.ts';
import { ConfigError, DeliveryError, UnavailableError } from '../../../lib/errors.ts';
import { Deadline, type HttpRequest, type HttpResponse } from '../../../lib/http.ts';
import { explain } from '../../../lib/log.ts';
import { protect } from '../../../lib/privacy.ts';
import { readSecret, readSecrets, type Settings } from '../../../lib/secrets.ts';
import type { Sink } from '../../../lib/sink.ts';
import { type Check, fail, note, ok } from './check.ts';
import { checkConnection, checkHost, type Target } from './connection.ts';
import { getHint } from './responses.ts';

const SECRETS = 'secrets';
const DELIVERY = 'delivery';

const TEST_NAME = 'auth0-login-analytics doctor';
const TEST_USER = 'doctor|test';

type Given = Readonly<Record<string, string>>;
type Secrets = Settings & Record<string, unknown>;

/** What a check needs the one before it for is not checked when that fails. */
export async function* checkDestination(sink: Sink, given: Given): AsyncGenerator<Check> {
  let secrets: Secrets;
  try {
    secrets = readSecrets(sink.secrets, given);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    yield fail(SECRETS, `Correct the secrets: ${error.message}.`);
    return;
  }
  yield ok(SECRETS, 'What is required is there, and nothing is malformed.');

  const activity = testActivity(sink, secrets);
  const target = await targetOf(sink, activity, secrets, given);
  for (const checkIt of target ? [checkHost, checkConnection] : []) {
    const check = await checkIt(target as Target);
    yield check;
    if (check.result === 'FAIL') return;
  }
  yield await checkDelivery(sink, activity, secrets, given);
}

/** A Login, or a SignUp where the destination takes no Logins. Its id is a new one, so no destination drops it. */
const testActivity = (sink: Sink, secrets: Secrets): Activity => {
  const login: Activity = {
    id: randomUUID(),
    type: 'Login',
    time: new Date(),
    tenant: TEST_NAME,
    user: { id: TEST_USER, name: TEST_NAME },
    application: { name: TEST_NAME },
    connection: {},
    organization: {},
    request: {},
  };
  const isTaken = sink.records?.(login, secrets) !== false;
  return protect(isTaken ? login : { ...login, type: 'SignUp' }, secrets);
};

/** Where the sink would send to: it is asked, and held back. */
const targetOf = async (
  sink: Sink,
  activity: Activity,
  secrets: Secrets,
  given: Given,
): Promise<Target | undefined> => {
  let request: HttpRequest | undefined;
  const hold = async (held: HttpRequest): Promise<HttpResponse> => {
    request = held;
    throw new UnavailableError('held back');
  };
  await sink.send([activity], secrets, hold).catch(() => {});
  if (!request) return undefined;
  const url = new URL(request.url);
  const names = Object.keys(sink.secrets.entries);
  return {
    url,
    tls: request.tls ?? {},
    timeoutMs: secrets.DELIVERY_TIMEOUT_MS,
    addressSecret: names.find((name) => isAddress(readSecret(given, name), url)),
    caSecret: names.find((name) => name.endsWith('_CA_CERT')),
    verifySecret: names.find((name) => name.endsWith('_TLS_VERIFY')),
  };
};

const isAddress = (value = '', url: URL): boolean => URL.canParse(value) && new URL(value).host === url.host;

const checkDelivery = async (
  sink: Sink,
  activity: Activity,
  secrets: Secrets,
  given: Given,
): Promise<Check> => {
  let response: HttpResponse | undefined;
  const deadline = new Deadline(secrets.DELIVERY_TIMEOUT_MS);
  const startedAt = performance.now();
  try {
    const sent = sink.send([activity], secrets, async (request) => {
      response = await deadline.http(request);
      return response;
    });
    await deadline.race(sent);
  } catch (error) {
    return fail(DELIVERY, await explainFailure(error, sink, activity, given));
  } finally {
    deadline.end();
  }
  const durationMs = Math.round(performance.now() - startedAt);
  const accepted = `${activity.type} of the user ${activity.user.id} accepted in ${durationMs} ms`;
  const hint = await getHint(sink.name, response?.status, textOf(response?.body));
  return hint ? note(DELIVERY, `${accepted}. ${hint}.`) : ok(DELIVERY, `${accepted}.`);
};

/** In the vendor's terms if there are any, otherwise as the Action logs it. Only the log knows how to quote safely. */
const explainFailure = async (
  error: unknown,
  sink: Sink,
  activity: Activity,
  given: Given,
): Promise<string> => {
  if (error instanceof DeliveryError) {
    const hint = await getHint(sink.name, error.status, error.vendorText);
    if (hint) return `${error.message}, ${hint}.`;
  }
  // As a Login, because nobody's next login sends this SignUp again.
  return `${explain(error, { ...activity, type: 'Login' }, given)}${adviceFor(error)}.`;
};

const adviceFor = (error: unknown): string => {
  if (!(error instanceof UnavailableError) || error.advice) return '';
  return error.status === undefined
    ? '; check the network in between, or raise DELIVERY_TIMEOUT_MS if the destination is slow'
    : '; the destination cannot take it now: see how it is, and try again';
};

const textOf = (body: unknown): string => {
  const text: unknown = Reflect.get(Object(body), 'text');
  return typeof text === 'string' ? text : '';
};
