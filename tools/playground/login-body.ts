/** What the login form sends. */
import * as v from 'valibot';
import { PROTOCOLS } from './protocols.ts';

const Metadata = v.record(v.string(), v.unknown());

export const LoginBody = v.strictObject({
  user: v.string(),
  application: v.string(),
  connection: v.exactOptional(v.string()),
  organization: v.exactOptional(v.string()),
  kind: v.picklist(['interactive', 'sso', 'silent', 'refresh']),
  protocol: v.exactOptional(v.picklist(PROTOCOLS)),
  /** Names of authentication methods: `pwd`, `mfa` … */
  methods: v.exactOptional(v.array(v.string())),
  /** Parameters of the `/authorize` request. */
  query: v.exactOptional(v.record(v.string(), v.string())),
  /** Merged into what the user has. */
  userMetadata: v.exactOptional(Metadata),
  appMetadata: v.exactOptional(Metadata),
});

export type LoginBody = v.InferOutput<typeof LoginBody>;
