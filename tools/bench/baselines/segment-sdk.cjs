/**
 * Segment's Node SDK as its documentation shows it for AWS Lambda: a new instance in each invocation, and every call
 * awaited. https://segment.com/docs/connections/sources/catalog/libraries/server/node/#usage-in-aws-lambda
 */
const { Analytics } = require('@segment/analytics-node');

module.exports = ({ url, headers, body }) => {
  const writeKey = Buffer.from(headers.authorization.split(' ')[1], 'base64').toString().split(':')[0];
  const calls = JSON.parse(body).batch;
  return async () => {
    const analytics = new Analytics({ writeKey, host: new URL(url).origin, flushAt: 1 });
    await Promise.all(
      calls.map(
        ({ type, userId, context, traits, event, properties }) =>
          new Promise((resolve, reject) => {
            const call = { userId, context, ...(type === 'identify' ? { traits } : { event, properties }) };
            analytics[type](call, (error) => (error ? reject(error.reason ?? error) : resolve()));
          }),
      ),
    );
  };
};
