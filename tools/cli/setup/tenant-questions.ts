/** Access to the tenant: asks for credentials where there are none, and checks their scopes before anything else. */
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { ask, askHidden, askText } from '../ask.ts';
import type { Context, Io } from '../context.ts';
import { withFile } from '../file-error.ts';
import { connect, hasTenant, SCOPES, type TenantConnection } from '../tenant-connection.ts';
import { TenantError } from '../tenant-error.ts';

const INSTRUCTIONS = `
The command line needs a machine-to-machine application of your tenant. In https://manage.auth0.com:
  1. Applications > Applications > Create Application, choose "Machine to Machine Applications", select Create.
  2. Choose "Auth0 Management API", tick ${SCOPES.setup.join(', ')}, select Authorize.
  3. On the Settings tab, copy the domain, the client ID and the client secret.`;

const isNotEmpty = (answer: string): string | undefined => (answer === '' ? 'It is needed' : undefined);

const getDomainProblem = (answer: string): string | undefined =>
  /^[a-z\d.-]+(:\d+)?$/i.test(answer) ? undefined : 'A domain like example.eu.auth0.com, without https://';

/** The connection that the environment describes, or else the operator. @throws {TenantError} if it lacks scopes. */
export const openTenant = async (context: Context, canAsk: boolean): Promise<TenantConnection> => {
  if (!canAsk || hasTenant(context)) {
    const connection = connect(context);
    await assertScopes(connection, context.io);
    return connection;
  }
  context.printError(INSTRUCTIONS);
  const question = { getProblem: isNotEmpty };
  const credentials = {
    AUTH0_DOMAIN: await askText(context, { message: 'Domain:', getProblem: getDomainProblem }),
    AUTH0_CLIENT_ID: await askText(context, { ...question, message: 'Client ID:' }),
    AUTH0_CLIENT_SECRET: await askHidden(context, { ...question, message: 'Client secret:' }),
  };
  const connection = connect({ env: { ...context.env, ...credentials }, io: context.io });
  await assertScopes(connection, context.io);
  await offerToKeep(context, credentials);
  return connection;
};

/** Only where git ignores the file. */
const offerToKeep = async (
  context: Context,
  credentials: Readonly<Record<string, string>>,
): Promise<void> => {
  const file = '.env';
  if (!isIgnoredByGit(context.cwd, file)) return;
  if (!(await ask(context, `Keep these three in ${file}, which git ignores, for later commands?`))) return;
  const lines = Object.entries(credentials).map(([name, value]) => `${name}="${value}"\n`);
  withFile(file, () => appendFileSync(context.resolve(file), lines.join(''), { mode: 0o600 }));
};

const isIgnoredByGit = (cwd: string, file: string): boolean => {
  try {
    execFileSync('git', ['check-ignore', '--quiet', file], { cwd, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** Names each scope that is missing. Whatever else is wrong, the first request reports. */
const assertScopes = async (connection: TenantConnection, io: Io): Promise<void> => {
  const granted = await readScopes(connection, io);
  const missing = SCOPES.setup.filter((scope) => granted && !granted.includes(scope));
  if (missing.length === 0) return;
  throw new TenantError(
    `The scopes ${missing.join(', ')} are missing: grant them to the application, under Applications > APIs > Auth0 Management API`,
  );
};

/** Undefined where they cannot be known. */
const readScopes = async (
  { domain, credentials }: TenantConnection,
  { fetch: send = fetch }: Io,
): Promise<readonly string[] | undefined> => {
  const { AUTH0_ACCESS_TOKEN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET } = credentials;
  if (AUTH0_ACCESS_TOKEN) return readTokenScopes(AUTH0_ACCESS_TOKEN);
  const response = await send(`https://${domain}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      grant_type: 'client_credentials',
      audience: `https://${domain}/api/v2/`,
      client_id: AUTH0_CLIENT_ID,
      client_secret: AUTH0_CLIENT_SECRET,
    }),
  });
  if (!response.ok) return undefined;
  return toScopes(Reflect.get(Object(await response.json()), 'scope'));
};

const readTokenScopes = (token: string): readonly string[] | undefined => {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return toScopes(Reflect.get(Object(payload), 'scope'));
  } catch {
    return undefined;
  }
};

const toScopes = (scope: unknown): readonly string[] | undefined =>
  typeof scope === 'string' ? scope.split(' ') : undefined;
