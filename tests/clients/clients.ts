/** The vendors' own clients, which are dependencies of this folder alone. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const INSTALL = 'npm run test:clients';

export const isInstalled = existsSync(path.join(import.meta.dirname, 'node_modules'));

if (!isInstalled && process.env.CI) {
  throw new Error(
    "CI must test the mock vendors with the vendors' own clients: npm ci --prefix tests/clients",
  );
}
if (!isInstalled) {
  console.warn(
    `THE VENDORS' OWN CLIENTS ARE NOT TESTED: they are not installed. Install and test them: ${INSTALL}`,
  );
}

/** Untyped: the rest of the project is type-checked without them. */
export const loadClient = createRequire(import.meta.url);
