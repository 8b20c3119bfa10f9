/**
 * A custom destination: Acme accepts a list of events at https://<host>/events and deduplicates them by `id`.
 * Dependency: auth0-login-analytics. Secrets: ACME_URL and ACME_TOKEN.
 */
const { baseUrl, createAction, credential, defineSink, required } = require('auth0-login-analytics');

const acme = defineSink({
  name: 'acme',
  title: 'Acme',
  docs: ['https://acme.example.com/docs/events'],
  secrets: {
    ACME_URL: required(baseUrl, 'URL of Acme'),
    ACME_TOKEN: required(credential, 'Token of Acme'),
  },

  toPayload: ({ id, type, time, user, application, properties }) => ({
    ...properties,
    id,
    name: type,
    at: time,
    user: user.id,
    email: user.email,
    application: application.name,
  }),

  async send(activities, secrets, http) {
    await http({
      url: `${secrets.ACME_URL}/events`,
      headers: { Authorization: `Bearer ${secrets.ACME_TOKEN}` },
      body: JSON.stringify(activities.map((activity) => acme.toPayload(activity, secrets))),
    });
  },
});

const record = createAction(acme, { console });
exports.onExecutePostLogin = async (event, api) => record(event, api);
