import type { Activity } from '../../lib/activity.ts';

/**
 * The fields of the Common Information Model, by which Splunk's Authentication data model and Enterprise Security search.
 * https://help.splunk.com/en/splunk-cloud-platform/common-information-model/6.0/data-models/authentication
 */
export const toCim = ({ type, user, application, connection, authentication, request }: Activity) => ({
  action: type === 'SignUp' ? 'created' : 'success',
  app: application.name,
  src: request.ip,
  user: user.username ?? user.email ?? user.id,
  user_id: user.id,
  dest: request.hostname,
  authentication_method: authentication.methods?.join(' '),
  authentication_service: connection.strategy,
});
