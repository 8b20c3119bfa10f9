/**
 * What Auth0's Rules for Splunk, Keen and Segment did in a login: one POST by `request`, without a timeout, and an error
 * that fails the login. `strictSSL: false`, which self-signed certificates required, turns keep-alive off; without it
 * `request` uses Node's global agent, which keeps connections alive since Node 19.
 */
const request = require('request');

module.exports =
  ({ url, headers, body, strictSSL }) =>
  () =>
    new Promise((resolve, reject) => {
      request.post({ url, headers, body, strictSSL }, (error, response) => {
        if (error) reject(error);
        else if (response.statusCode >= 300) reject(new Error('rejected'));
        else resolve();
      });
    });
