/** Tokens for client credentials: https://auth0.com/docs/secure/tokens/access-tokens/management-api-access-tokens */
import { createHmac, randomBytes } from 'node:crypto';
import { isObject } from '../../json.ts';
import { ApiError } from './api-error.ts';

export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

const TOKEN_LIFETIME_SECONDS = 86_400;

export class Tokens {
  readonly credentials: Credentials = {
    clientId: randomBytes(16).toString('hex'),
    clientSecret: randomBytes(32).toString('hex'),
  };
  readonly #audience: string;
  readonly #key = randomBytes(32);
  readonly #scopes = new Map<string, readonly string[]>();

  constructor(audience: string) {
    this.#audience = audience;
  }

  /** Handles a request to /oauth/token. */
  grant(request: unknown, scopes: readonly string[]): Response {
    const { client_id, client_secret, grant_type, audience } = isObject(request) ? request : {};
    const { clientId, clientSecret } = this.credentials;
    if (client_id !== clientId || client_secret !== clientSecret) return deny(401, 'Unauthorized');
    if (grant_type !== 'client_credentials') return deny(403, `Grant type not allowed: ${grant_type}`);
    if (audience !== this.#audience) return deny(403, `Service not found: ${audience}`);
    return Response.json({
      access_token: this.issue(scopes),
      scope: scopes.join(' '),
      expires_in: TOKEN_LIFETIME_SECONDS,
      token_type: 'Bearer',
    });
  }

  /** As in Auth0, a JWT. */
  issue(scopes: readonly string[]): string {
    const iat = Math.floor(Date.now() / 1000);
    const exp = iat + TOKEN_LIFETIME_SECONDS;
    const payload = {
      aud: this.#audience,
      iat,
      exp,
      scope: scopes.join(' '),
      jti: randomBytes(8).toString('hex'),
    };
    const content = [{ alg: 'HS256', typ: 'JWT' }, payload]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const token = `${content}.${createHmac('sha256', this.#key).update(content).digest('base64url')}`;
    this.#scopes.set(token, [...scopes]);
    return token;
  }

  /** @throws {ApiError} unless the token has one of the scopes. */
  assertScope(authorization: string | undefined, anyOf: readonly string[]): void {
    if (!authorization) throw new ApiError(401, 'Missing authentication');
    const scopes = this.#scopes.get(authorization.replace(/^Bearer /i, ''));
    if (!scopes) throw new ApiError(401, 'Invalid token', 'invalid_token');
    if (!anyOf.some((scope) => scopes.includes(scope))) {
      throw new ApiError(
        403,
        `Insufficient scope, expected any of: ${anyOf.join(',')}`,
        'insufficient_scope',
      );
    }
  }
}

const deny = (status: number, error_description: string): Response =>
  Response.json({ error: 'access_denied', error_description }, { status });
