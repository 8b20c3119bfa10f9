/**
 * Segment's retired library as Auth0's Rule for Segment used it, except that it awaits every call, because `flush` does
 * not wait for requests in flight. https://github.com/segmentio/analytics-node/issues/309
 */
const Analytics = require('analytics-node');

module.exports = ({ url, headers, body }) => {
  const writeKey = Buffer.from(headers.authorization.split(' ')[1], 'base64').toString().split(':')[0];
  const calls = JSON.parse(body).batch;
  return async () => {
    const analytics = new Analytics(writeKey, { host: new URL(url).origin, flushAt: 1 });
    await Promise.all(
      calls.map(
        ({ type, userId, groupId, context, traits, event, properties }) =>
          new Promise((resolve, reject) => {
            const call = { userId, groupId, context, traits, event, properties };
            analytics[type](call, (error) => (error ? reject(error) : resolve()));
          }),
      ),
    );
  };
};
