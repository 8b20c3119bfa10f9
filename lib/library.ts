/** What sends the events, for vendors that ask. */
export const LIBRARY = { name: 'auth0-login-analytics', version: '0.1.0' };
