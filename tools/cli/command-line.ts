/** A command as the operator types it, in a clone and with the installed package alike. */
export const toCommandLine = (...words: readonly string[]): string =>
  ['npx auth0-login-analytics', ...words].join(' ');
