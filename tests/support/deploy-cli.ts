import path from 'node:path';
import { ROOT } from '../../tools/shared/manifest.ts';
import { createFile } from './command.ts';

const DEPLOY_CLI = path.join(ROOT, 'node_modules/auth0-deploy-cli/lib');
/**
 * Loaded into the Deploy CLI before it starts. It compiles the schema of everything that it can import, twice, and the
 * texts of prompts alone, in every language, take half a minute. They are not imported here; all else is unchanged.
 */
const WITHOUT_PROMPTS = `const cli = ${JSON.stringify(DEPLOY_CLI)};
if (process.argv[1]?.startsWith(cli)) require(cli + '/tools/auth0/handlers/prompts').schema = {};`;

export const IMPORT_TIMEOUT_MS = 120_000;

/** The environment of a command that runs the Deploy CLI, which is then faster. */
export const fastDeployCli = () => ({
  NODE_OPTIONS: `--require "${createFile('preload.cjs', WITHOUT_PROMPTS)}"`,
});
