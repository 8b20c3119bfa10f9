import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { createApi, type Effects } from '../../tools/simulator/auth0/post-login-api.ts';

/** Executes the handler of an Action; returns what it asked Auth0 for. */
export const execute = async (
  handler: (event: Event, api: PostLoginAPI) => Promise<void>,
  event: Event,
): Promise<Effects> => {
  const { api, effects } = createApi(event);
  await handler(event, api);
  return effects;
};
