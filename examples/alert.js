/**
 * Own alerting: calls a webhook, at most once a minute in each instance, when an event was not delivered.
 * Dependency: auth0-login-analytics. Secrets: SPLUNK_HEC_URL, SPLUNK_HEC_TOKEN, and ALERT_URL.
 */
const { AsyncLocalStorage } = require('node:async_hooks');
const { subscribe } = require('node:diagnostics_channel');
const { createAction, OUTCOME_CHANNEL, splunk } = require('auth0-login-analytics');

const record = createAction(splunk, { console });

// Logins overlap in one instance: the asynchronous context says whose outcome it is.
const outcomesOfLogin = new AsyncLocalStorage();
subscribe(OUTCOME_CHANNEL, (outcome) => outcomesOfLogin.getStore()?.push(outcome));

let nextAlertAt = 0;

exports.onExecutePostLogin = async (event, api) => {
  const outcomes = [];
  await outcomesOfLogin.run(outcomes, () => record(event, api));

  const failed = outcomes.filter(({ status }) => status === 'failed' || status === 'misconfigured');
  if (failed.length === 0 || Date.now() < nextAlertAt) return;
  nextAlertAt = Date.now() + 60_000;
  await fetch(event.secrets.ALERT_URL, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(
      failed.map(({ destination, status, code, message }) => ({ destination, status, code, message })),
    ),
    signal: AbortSignal.timeout(1000),
  }).catch(() => console.log('the alert could not be sent'));
};
