/**
 * Own code before and after recording: employees are not recorded, and the application learns of a first login.
 * Dependency: auth0-login-analytics. Secrets: MIXPANEL_TOKEN and AMPLITUDE_API_KEY.
 */
const { createAction, mixpanel, amplitude } = require('auth0-login-analytics');

const record = createAction([mixpanel, amplitude], { console, deliveryTimeoutMs: 1500 });

exports.onExecutePostLogin = async (event, api) => {
  if (event.authorization?.roles.includes('employee')) return;

  const isFirstLogin = event.stats.logins_count === 1;
  await record(event, api);
  api.idToken.setCustomClaim('https://example.com/first_login', isFirstLogin);
};
