/**
 * For an application in the browser: passes the anonymous visitor and the campaign along to Auth0's /authorize, so that
 * the sign-up is joined to them. Auth0 rejects the whole request because of one `ext-` parameter that it does not accept.
 * https://support.auth0.com/center/s/article/Limit-of-ext-parameters-on-universal-login-page
 */

const NAME = /^ext-[\w-]{1,28}$/;
const VALUE = /^[-\w.*~@+ /:]{1,255}$/;
const LIMIT = 10;

/** In the order in which they count, if there are more than Auth0 accepts. */
const CAMPAIGN = [
  'utm_source',
  'utm_medium',
  'utm_campaign',
  'utm_term',
  'utm_content',
  'gclid',
  'fbclid',
  'msclkid',
];

const STORAGE_KEY = 'login-analytics-visit';

/** The values that Auth0 accepts, as `ext-` parameters. What it does not accept is left out, and never changed. */
export const toExtParameters = (values) =>
  Object.fromEntries(
    Object.entries(values)
      .map(([name, value]) => [`ext-${name}`, String(value ?? '')])
      .filter(([name, value]) => NAME.test(name) && VALUE.test(value))
      .slice(0, LIMIT),
  );

/** Call it on every page: the campaign and the referrer are those of the page on which the visit began. */
export const rememberVisit = () => {
  try {
    const query = new URLSearchParams(location.search);
    const campaign = CAMPAIGN.filter((name) => query.get(name)).map((name) => [name, query.get(name)]);
    if (campaign.length === 0 && sessionStorage.getItem(STORAGE_KEY) !== null) return;
    const visit = { ...Object.fromEntries(campaign), referrer: toReferrer(document.referrer) };
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(visit));
  } catch {
    // A browser can forbid storage. Then the campaign is unknown.
  }
};

/** Without its query, which can hold anything, and none within the site. */
const toReferrer = (referrer) => {
  if (!URL.canParse(referrer)) return undefined;
  const { origin, pathname } = new URL(referrer);
  return origin === location.origin ? undefined : origin + pathname;
};

/**
 * The parameters of a login. It never throws: an ad blocker can keep the vendor's SDK from loading.
 * @param getVisitor reads `anonymous_id`, and `session_id` where there is one, from the vendor's SDK.
 */
export const getExtParameters = (getVisitor) => {
  const read = (source) => {
    try {
      return source();
    } catch {
      return {};
    }
  };
  const visit = read(() => JSON.parse(sessionStorage.getItem(STORAGE_KEY)));
  return toExtParameters({ ...read(getVisitor), ...visit });
};
