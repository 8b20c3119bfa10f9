/** One POST over a keep-alive connection, without any library. https://nodejs.org/docs/latest-v22.x/api/https.html */
const http = require('node:http');
const https = require('node:https');

module.exports = ({ url, headers, body }) => {
  const { Agent, request } = url.startsWith('https:') ? https : http;
  const agent = new Agent({ keepAlive: true });
  return () =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, { method: 'POST', agent, headers }, (response) => {
        response.resume();
        response.on('end', () => (response.statusCode < 300 ? resolve() : reject(new Error('rejected'))));
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
};
