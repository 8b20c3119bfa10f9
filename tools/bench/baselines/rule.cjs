/**
 * What Auth0's Rules for Splunk, Keen and Segment did in a login: one POST by `request`, without a time-out, and an error
 * that fails the login. With strictSSL: false, which Splunk's own certificates took, `request` keeps no connection;
 * without it, it uses Node's global agent, which keeps them since Node 19.
 */
const request = require('request');

module.exports =
  ({ url, headers, body, strictSSL }) =>
  () =>
    new Promise((resolve, reject) => {
      request.post({ url, headers, body, strictSSL }, (error, response) => {
        if (error) reject(error);
        else if (response.statusCode >= 300) reject(new Error('refused'));
        else resolve();
      });
    });
