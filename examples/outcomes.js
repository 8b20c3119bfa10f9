/**
 * Own alerting: prints a line of JSON, which a log stream can match, for every login that a destination did not get.
 * Dependency: auth0-login-analytics. Secrets: SPLUNK_HEC_URL and SPLUNK_HEC_TOKEN.
 */
const { subscribe } = require('node:diagnostics_channel');
const { createAction, splunk } = require('auth0-login-analytics');

subscribe('auth0-login-analytics:outcome', ({ destination, status, reason, httpStatus }) => {
  if (status === 'failed') console.log(JSON.stringify({ alert: 'login not recorded', destination, reason, httpStatus }));
});

const record = createAction(splunk, { console });
exports.onExecutePostLogin = async (event, api) => record(event, api);
