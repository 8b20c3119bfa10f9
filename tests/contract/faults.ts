/** Every destination runs through the table of faults, and so does every login after them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import type { DeliveredOutcome } from '../../lib/outcome.ts';
import { loadSinks } from '../../tools/shared/catalog.ts';
import type { LoadedAction } from '../../tools/simulator/auth0/runtime.ts';
import { getVendor } from '../../tools/simulator/vendors/all-vendors.ts';
import { createCertificate } from '../../tools/simulator/vendors/certificate.ts';
import { startVendorMock, type VendorMock } from '../../tools/simulator/vendors/vendor-mock.ts';
import {
  ADA,
  GRACE,
  getActivities,
  type LoggedIn,
  MARY,
  openSandbox,
  toSignedUp,
} from '../support/sandbox.ts';
import { useSteadyClock } from '../support/steady-clock.ts';
import {
  type Circumstances,
  ENDLESS_BODY,
  type Expectation,
  FAULTS,
  FLUSH_FAULTS,
  type FlushRow,
  isDecidedByBody,
  LONG_TIMEOUT_MS,
} from './fault-table.ts';

/** Time for requests that wait for nothing. */
const TOLERANCE_MS = 150;

const PAST = { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') };
const ANOTHER_HOST = { altNames: ['splunk.example.com'] };
const CERTIFICATES = {
  valid: await createCertificate(),
  expired: await createCertificate(PAST),
  'for another host': await createCertificate(ANOTHER_HOST),
  'expired and for another host': await createCertificate({ ...PAST, ...ANOTHER_HOST }),
};

type User = typeof ADA;

export const describeFaults = async (load: (name: string) => LoadedAction): Promise<void> => {
  useSteadyClock();
  const sinks = await loadSinks();
  const redirectTarget = createServer((_, response) => response.end());
  let redirected = 0;
  redirectTarget.on('connection', () => {
    redirected += 1;
  });

  beforeAll(async () => {
    await once(redirectTarget.listen(0, '127.0.0.1'), 'listening');
  });

  afterAll(() => {
    redirectTarget.close();
    expect(redirected).toBe(0);
  });

  const toFault = ({ fault, redirect }: Circumstances) => {
    if (redirect === undefined) return fault;
    const { port } = redirectTarget.address() as AddressInfo;
    const headers = { Location: `http://127.0.0.1:${port}/` };
    return { response: { status: redirect, body: '', headers } };
  };

  describe.concurrent.each(sinks.map((sink) => [sink.name, sink] as const))('%s', (name, { batchLimit }) => {
    /** A warm instance goes through all rows: each leaves it as it was, unless the row fails. */
    let warm: LoadedAction | undefined;
    const loadWarm = () => {
      warm ??= load(name);
      return warm;
    };

    const open = async (context: TestContext, load: () => LoadedAction = loadWarm) => {
      context.onTestFailed(() => {
        warm = undefined;
      });
      const sandbox = await openSandbox({ names: [name], load }, context);
      const [mock] = sandbox.mocks as [VendorMock];
      const logIn = async ({ user_id }: User): Promise<LoggedIn> => {
        const login = await sandbox.logIn({ user: user_id });
        expect(login.outcome).toBe('completed');
        return login;
      };
      return { ...sandbox, mock, logIn };
    };

    const isForThis = ({ only = name }: { readonly only?: string }): boolean => only === name;

    it.sequential.for(FAULTS.filter(([, circumstances]) => isForThis(circumstances)))(
      'recovers from %s',
      async ([, circumstances, row], context) => {
        const expected = typeof row === 'function' ? row(name) : row;
        const { result, requests } = expected;
        const isDelivered = result === 'delivered';
        const isProcessed = isDelivered || circumstances.fault?.processed === true;
        const { mock, user, configure, logIn } = await open(context);
        const substitute = await startSubstitute(name, circumstances, context);
        const servers = substitute ? [substitute, mock] : [mock];
        const received = () => servers.flatMap((server) => server.requests);
        const arrived = () => servers.flatMap(getActivities);
        const original = { ...mock.secrets, TLS_CA_CERT: '' };

        configure({
          ...original,
          ...replaceUrl(mock, substitute?.url ?? circumstances.url),
          ...trust(circumstances),
          DELIVERY_TIMEOUT_MS: String(circumstances.timeoutMs ?? LONG_TIMEOUT_MS),
        });
        mock.injectFault(toFault(circumstances), { count: circumstances.count });
        expectOutcome(await logIn(ADA), 'SignUp', expected);
        expect(received()).toHaveLength(requests);
        expect(countIds(arrived())).toBe(Number(isProcessed));
        expect(user.app_metadata).toEqual(toSignedUp(isDelivered ? [name] : []));

        mock.injectFault(toFault(circumstances), { count: circumstances.count });
        expectOutcome(await logIn(GRACE), 'Login', expected);
        expect(received()).toHaveLength(2 * requests);
        expect(countIds(arrived())).toBe(2 * Number(isProcessed));

        mock.injectFault(undefined);
        const isOtherServer = substitute !== undefined || circumstances.url !== undefined;
        if (isOtherServer) configure(original);
        for (const person of [ADA, GRACE]) {
          expect((await logIn(person)).outcomes).toMatchObject([{ status: 'delivered' }]);
        }
        expect(user.app_metadata).toEqual(toSignedUp([name]));
        expect(getTypesOf(ADA, arrived())).toEqual(isDelivered ? ['SignUp', 'Login'] : ['SignUp']);
        // What is buffered belongs to the server it was buffered for.
        const isLost = !isProcessed && (result === 'rejected' || isOtherServer);
        expect(getTypesOf(GRACE, arrived())).toEqual(isLost ? ['Login'] : ['Login', 'Login']);
        // What was processed without being confirmed is repeated, with the same id.
        if (isDelivered || !isProcessed) expect(arrived()).toHaveLength(countIds(arrived()));
      },
    );

    it.sequential.for(FLUSH_FAULTS.filter(([, row]) => isForThis(row)))(
      'recovers from %s while flushing',
      async ([, row], context) => {
        const expected: FlushRow = { ...row, ...(batchLimit === 1 && row.single) };
        const { fault, requests, flushed, rejected, waitMs = 0 } = expected;
        const people = [GRACE, MARY].slice(0, expected.buffered);
        const { mock, user, configure, logIn } = await open(context);
        configure({ DELIVERY_TIMEOUT_MS: String(LONG_TIMEOUT_MS) });
        mock.injectFault({ response: { status: 503 } });
        for (const person of people) {
          expect((await logIn(person)).outcomes).toMatchObject([{ buffered: true }]);
        }
        const before = mock.requests.length;

        mock.injectFault(fault, { skip: 1 });
        const { outcomes, line } = await logIn(ADA);
        const [outcome] = outcomes as [DeliveredOutcome];
        expect(outcome).toMatchObject({ status: 'delivered', attempts: 1, flushed, dropped: 0 });
        expect(outcome.flushRejected).toEqual(rejected);
        expectBetween(outcome.flushMs, waitMs, waitMs + TOLERANCE_MS);
        expect(line === '').toBe(rejected === undefined);
        expect(user.app_metadata).toEqual(toSignedUp([name]));
        expect(mock.requests).toHaveLength(before + requests);

        mock.injectFault(undefined);
        // A batch that was not accepted is sent again in two halves.
        for (const half of ['first', 'second']) expect((await logIn(ADA)).line, half).toBe('');
        const arrived = getActivities(mock);
        expect(getTypesOf(ADA, arrived)).toEqual(['SignUp', 'Login', 'Login']);
        const lost = fault.processed ? 0 : (rejected?.count ?? 0);
        expect(countIds(arrived)).toBe(3 + people.length - lost);
        const isRepeated = fault.processed && !rejected;
        if (!isRepeated) expect(arrived).toHaveLength(countIds(arrived));
      },
    );

    if (!isDecidedByBody(name)) return;
    it.sequential('opens the circuit after three responses whose bodies never end', async (context) => {
      const { mock, configure, logIn } = await open(context, () => load(name));
      configure({ DELIVERY_TIMEOUT_MS: String(LONG_TIMEOUT_MS) });
      mock.injectFault(ENDLESS_BODY);
      await Promise.all([logIn(ADA), logIn(GRACE), logIn(MARY)]);
      expect((await logIn(GRACE)).outcomes).toMatchObject([{ code: 'CIRCUIT_OPEN', attempts: 0 }]);
      expect(mock.requests).toHaveLength(3);
    });
  });
};

/** Another server in the destination's place. */
const startSubstitute = async (
  name: string,
  { certificate }: Circumstances,
  context: TestContext,
): Promise<VendorMock | undefined> => {
  if (!certificate) return undefined;
  const substitute = await startVendorMock(getVendor(name), { tls: CERTIFICATES[certificate] });
  context.onTestFinished(() => substitute.close());
  return substitute;
};

/** The secrets that direct the Action to another server. */
const replaceUrl = ({ secrets, url }: VendorMock, replacement: string | undefined) =>
  Object.fromEntries(
    Object.entries(secrets).flatMap(([name, value]) =>
      replacement && value.startsWith(url) ? [[name, value.replace(url, replacement)]] : [],
    ),
  );

/** The secrets that decide whose certificates are accepted. */
const trust = ({ certificate, trusting }: Circumstances): Record<string, string> => {
  if (!certificate) return {};
  const nobody = { SPLUNK_CA_CERT: '', TLS_CA_CERT: '' };
  if (trusting === undefined) return nobody;
  const value = trusting === 'SPLUNK_TLS_VERIFY' ? 'false' : CERTIFICATES[certificate].cert;
  return { ...nobody, [trusting]: value };
};

const expectOutcome = (
  { actions: [run], outcomes, line }: LoggedIn,
  type: 'SignUp' | 'Login',
  { result, outcome, waitMs = 0 }: Expectation,
): void => {
  expect(outcomes).toMatchObject([{ activity: { type }, ...outcome }]);
  expect(line === '').toBe(result === 'delivered');
  expectBetween(run?.durationMs, waitMs, waitMs + TOLERANCE_MS);
};

const expectBetween = (ms = Number.NaN, min: number, max: number): void => {
  expect(ms).toBeGreaterThanOrEqual(min);
  expect(ms).toBeLessThan(max);
};

type Activities = ReturnType<typeof getActivities>;

/** How many activities there are, however often they have arrived. */
const countIds = (activities: Activities): number => new Set(activities.map(({ id }) => id)).size;

/** The types of a user's activities, each of them once. */
const getTypesOf = ({ user_id }: User, activities: Activities): string[] => [
  ...new Map(
    activities.filter(({ userId }) => userId === user_id).map(({ id, type }) => [id, type]),
  ).values(),
];
