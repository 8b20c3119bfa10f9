const { createAction, splunk } = require('auth0-login-analytics');
const record = createAction(splunk, { console, properties: (event) => ({ plan: event.user.app_metadata.plan }) });
exports.onExecutePostLogin = async (event, api) => record(event, api);
