import type { Outcome } from '../../../lib/outcome.ts';
import type { ActivityDetails } from '../state.ts';

/** Empty if the Action did not get as far as an activity. */
export const toActivityDetails = ({ destination, activity }: Outcome): readonly ActivityDetails[] => {
  if (!activity) return [];
  const { user, application, organization, group, authentication, session, visitor, protocol } = activity;
  const parts = {
    Type: activity.type,
    'User id': user.id,
    'Auth0 id': user.auth0Id === user.id ? undefined : user.auth0Id,
    Application: application.name,
    Protocol: protocol,
    Methods: authentication.methods?.join(', '),
    'Second factor': authentication.mfa === undefined ? undefined : authentication.mfa ? 'yes' : 'no',
    Organization: organization.displayName ?? organization.name,
    Group: group && [group.name, group.id].filter(Boolean).join(', '),
    'Anonymous visitor': visitor.anonymousId,
    Session: visitor.sessionId ?? session.id,
    Referrer: visitor.referrer,
    Campaign: toList(visitor.campaign),
    Properties: toList(activity.properties),
    'User properties': toList(user.properties),
  };
  const present = Object.entries(parts).filter((part): part is [string, string] => Boolean(part[1]));
  return [{ destination, parts: Object.fromEntries(present) }];
};

const toList = (properties: object): string =>
  Object.entries(properties)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(',') : String(value)}`)
    .join(', ');
