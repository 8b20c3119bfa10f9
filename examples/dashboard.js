const { createAction, splunk } = require('auth0-login-analytics');
const record = createAction(splunk, { console });
exports.onExecutePostLogin = async (event, api) => record(event, api);
