/** Would the destination accept a login? From the secrets to the response to one event that is marked as a test. */
import { type Activity, piiValues, toLogin } from '../../../lib/activity.ts';
import { send } from '../../../lib/deliver.ts';
import { ConfigError, DeliveryError, UnavailableError } from '../../../lib/errors.ts';
import { type HttpRequest, type HttpResponse, withDeadline } from '../../../lib/http.ts';
import { toDeliveryOutcome } from '../../../lib/outcome.ts';
import { toRecorded } from '../../../lib/privacy.ts';
import { redact } from '../../../lib/redact.ts';
import { getSensitiveValues, readSecret } from '../../../lib/secrets.ts';
import { parseSecrets, type Settings, settings } from '../../../lib/settings.ts';
import type { Sink } from '../../../lib/sink.ts';
import type { Secrets } from '../secret-values.ts';
import { type Check, fail, pass, warn } from './check.ts';
import { checkConnection, checkHost, type Target } from './connection.ts';
import { getHint } from './responses.ts';

const SECRETS = 'secrets';
const DELIVERY = 'delivery';

const TEST_NAME = 'auth0-login-analytics doctor';
const TEST_USER = 'doctor|test';

type ParsedSecrets = Settings & Record<string, unknown>;

/** A check that fails ends it: those that follow depend on it. */
export async function* checkDestination(sink: Sink, given: Secrets): AsyncGenerator<Check> {
  let secrets: ParsedSecrets;
  try {
    secrets = parseSecrets(sink, given);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    yield fail(SECRETS, `Correct the secrets: ${error.message}.`);
    return;
  }
  yield pass(SECRETS, 'The required secrets are set, and none is malformed.');

  const activity = toTestActivity(sink, secrets);
  const target = await findTarget(sink, activity, secrets, given);
  for (const checkTarget of target ? [checkHost, checkConnection] : []) {
    const check = await checkTarget(target as Target);
    yield check;
    if (check.level === 'fail') return;
  }
  yield await checkDelivery(sink, activity, secrets, given);
}

/** A Login, or a SignUp where the destination gets no Logins. Its id is a new one, so that no destination drops it. */
const toTestActivity = (sink: Sink, secrets: ParsedSecrets): Activity => {
  const event = {
    user: { user_id: TEST_USER, name: TEST_NAME },
    tenant: { id: TEST_NAME },
    client: { name: TEST_NAME },
  };
  const login = toLogin(event, new Date());
  const skipReason = sink.getSkipReason?.(login, secrets);
  return toRecorded(login, skipReason === undefined ? 'Login' : 'SignUp', secrets);
};

/** Where the sink would send to. Its request is intercepted. */
const findTarget = async (
  sink: Sink,
  activity: Activity,
  secrets: ParsedSecrets,
  given: Secrets,
): Promise<Target | undefined> => {
  let request: HttpRequest | undefined;
  const intercept = async (intercepted: HttpRequest): Promise<HttpResponse> => {
    request = intercepted;
    throw new UnavailableError('intercepted');
  };
  await send(sink, [activity], secrets, intercept).catch(() => {});
  if (!request) return undefined;
  const url = new URL(request.url);
  const names = Object.keys(sink.secrets);
  return {
    url,
    tls: request.tls ?? {},
    timeoutMs: secrets.DELIVERY_TIMEOUT_MS,
    urlSecret: names.find((name) => hasSameHost(readSecret(given, name), url)),
    caSecret: names.find((name) => name.endsWith('_CA_CERT')) ?? 'TLS_CA_CERT',
    verifySecret: names.find((name) => name.endsWith('_TLS_VERIFY')),
  };
};

const hasSameHost = (value = '', url: URL): boolean =>
  URL.canParse(value) && new URL(value).host === url.host;

const checkDelivery = async (
  sink: Sink,
  activity: Activity,
  secrets: ParsedSecrets,
  given: Secrets,
): Promise<Check> => {
  let response: HttpResponse | undefined;
  const startedAt = performance.now();
  try {
    await withDeadline(secrets.DELIVERY_TIMEOUT_MS, ({ http }) =>
      send(sink, [activity], secrets, async (request) => {
        response = await http(request);
        return response;
      }),
    );
  } catch (error) {
    return fail(DELIVERY, await explainFailure(error, sink, activity, given));
  }
  const durationMs = Math.round(performance.now() - startedAt);
  const accepted = `${activity.type} of the user ${activity.user.id} accepted in ${durationMs} ms`;
  const hint = await getHint(sink.name, response?.status, getText(response?.body));
  return hint ? warn(DELIVERY, `${accepted}. ${hint}.`) : pass(DELIVERY, `${accepted}.`);
};

/** In the vendor's terms where they are known, otherwise as the Action logs it. */
const explainFailure = async (
  error: unknown,
  sink: Sink,
  activity: Activity,
  given: Secrets,
): Promise<string> => {
  if (error instanceof DeliveryError) {
    const hint = await getHint(sink.name, error.status, error.vendorMessage);
    if (hint) return `${error.message}, ${hint}.`;
  }
  const privateValues = [
    ...getSensitiveValues({ ...settings, ...sink.secrets }, given),
    ...piiValues(activity),
  ];
  const outcome = toDeliveryOutcome(
    { action: sink.name, destination: sink.name, activity },
    { error, attempts: 1, elapsedMs: 0, buffered: false, dropped: 0 },
    (message) => redact(message, privateValues),
  );
  if (outcome.status !== 'failed') throw error;
  const { message, hint = getGeneralHint(error) } = outcome;
  return `${[`${activity.type} failed: ${message}`, ...(hint ? [hint] : [])].join('; ')}.`;
};

const getGeneralHint = (error: unknown): string | undefined => {
  if (!(error instanceof UnavailableError)) return undefined;
  return error.status === undefined
    ? 'check the network in between, or raise DELIVERY_TIMEOUT_MS if the destination is slow'
    : 'the destination cannot accept it now: check its status, and try again';
};

const getText = (body: unknown): string => {
  const text: unknown = Reflect.get(Object(body), 'text');
  return typeof text === 'string' ? text : '';
};
