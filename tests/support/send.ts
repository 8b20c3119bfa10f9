import { expect } from 'vitest';
import { type HttpRequest, withDeadline } from '../../lib/http.ts';
import type { SecretDeclarations, SecretValues } from '../../lib/secrets.ts';
import type { Activities, Sink } from '../../lib/sink.ts';

/** Has a sink send activities and profiles, without the policy of a delivery. */
export const send = <S extends SecretDeclarations>(
  sink: Sink<S>,
  activities: Activities,
  secrets: SecretValues<S>,
): Promise<void> =>
  withDeadline(1000, async ({ http }) => {
    await sink.send(activities, secrets, http);
    await sink.sendProfiles?.(activities, secrets, http);
  });

/** Every request that a sink sends for activities, without a network. */
export const getRequests = async <S extends SecretDeclarations>(
  sink: Sink<S>,
  activities: Activities,
  secrets: SecretValues<S>,
): Promise<readonly HttpRequest[]> => {
  const requests: HttpRequest[] = [];
  const accept = async (request: HttpRequest) => {
    requests.push(request);
    return { status: 200, body: { code: 200, status: 1 } };
  };
  await sink.send(activities, secrets, accept);
  await sink.sendProfiles?.(activities, secrets, accept);
  return requests;
};

/** How a 2xx is rejected that is not the vendor's own. */
export const FOREIGN_RESPONSE = {
  name: 'RejectedError',
  message: expect.stringContaining("but not a response of the vendor's API"),
  hint: "check the URL in the Action's secrets",
};
