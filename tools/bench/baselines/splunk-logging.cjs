/** Splunk's library as its README shows it. https://github.com/splunk/splunk-javascript-logging */
const { Logger } = require('splunk-logging');

module.exports = ({ url, headers, body }) => {
  const { event, source, sourcetype } = JSON.parse(body);
  const logger = new Logger({ url, token: headers.authorization.split(' ')[1] });
  return () =>
    new Promise((resolve, reject) => {
      logger.error = reject;
      logger.send({ message: event, metadata: { source, sourcetype } }, (_error, _response, result) =>
        result?.code === 0 ? resolve() : reject(new Error('rejected')),
      );
    });
};
