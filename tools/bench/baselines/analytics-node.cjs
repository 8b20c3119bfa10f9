/**
 * Segment's retired library, as Auth0's Rule for Segment had it, but for one thing: its `flush` does not wait for what is
 * on its way, so this waits for each call. https://github.com/segmentio/analytics-node/issues/309
 */
const Analytics = require('analytics-node');

module.exports = ({ url, headers, body }) => {
  const writeKey = Buffer.from(headers.authorization.split(' ')[1], 'base64').toString().split(':')[0];
  const calls = JSON.parse(body).batch;
  return async () => {
    const analytics = new Analytics(writeKey, { host: new URL(url).origin, flushAt: 1 });
    await Promise.all(
      calls.map(
        ({ type, userId, context, traits, event, properties }) =>
          new Promise((resolve, reject) => {
            const call = { userId, context, ...(type === 'identify' ? { traits } : { event, properties }) };
            analytics[type](call, (error) => (error ? reject(error) : resolve()));
          }),
      ),
    );
  };
};
