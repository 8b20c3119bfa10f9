import { expect } from 'vitest';
import { withDeadline } from '../../lib/http.ts';
import type { SecretDeclarations, SecretValues } from '../../lib/secrets.ts';
import type { Activities, Sink } from '../../lib/sink.ts';

/** Has a sink send activities, without the policy of a delivery. */
export const send = <S extends SecretDeclarations>(
  sink: Sink<S>,
  activities: Activities,
  secrets: SecretValues<S>,
): Promise<void> => withDeadline(1000, ({ http }) => sink.send(activities, secrets, http));

/** How a 2xx is rejected that is not the vendor's own. */
export const FOREIGN_RESPONSE = {
  name: 'RejectedError',
  message: expect.stringContaining("but not a response of the vendor's API"),
  hint: "check the URL in the Action's secrets",
};
