import type { PostLoginAPI } from '@auth0/actions/post-login/v3';

export interface FakeApi {
  /** What an Action is given: as much of it as the Actions here use. */
  readonly api: PostLoginAPI;
  /** What it asked Auth0 to store. */
  readonly appMetadata: Readonly<Record<string, unknown>>;
  /** The reasons it gave for refusing the login. */
  readonly denials: readonly string[];
}

export const fakeApi = (): FakeApi => {
  const appMetadata: Record<string, unknown> = {};
  const denials: string[] = [];
  const api = {
    access: {
      deny(reason: string): PostLoginAPI {
        denials.push(reason);
        return api;
      },
    },
    user: {
      setAppMetadata(key: string, value: unknown): PostLoginAPI {
        appMetadata[key] = value;
        return api;
      },
    },
  } as PostLoginAPI;
  return { api, appMetadata, denials };
};
