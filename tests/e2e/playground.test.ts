/** The playground in a real browser. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser, openBrowser } from '../../tools/playground/browser.ts';
import { FIRST_FLOW, Playground } from '../../tools/playground/playground.ts';
import { startOnPreferredPort } from '../../tools/playground/preferred-port.ts';
import { startPlaygroundServer } from '../../tools/playground/server.ts';
import { VETERAN, WEB } from '../../tools/simulator/personas.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';
import { usePlayground } from '../support/playground.ts';

const VIEWPORT = { width: 1440, height: 1000 };
const WAIT_LIMIT_MS = 5000;

const executable = findBrowser();
if (!executable && process.env.CI) throw new Error('CI must test the playground: install Chromium');
if (!executable) console.warn('THE PLAYGROUND IS NOT TESTED: neither Chromium nor Chrome is installed.');

describe.skipIf(!executable)('the playground', { timeout: 30_000 }, () => {
  const running = usePlayground();
  let browser: Browser;
  let requestedUrls: string[] = [];
  let pageErrors: string[] = [];

  beforeAll(async () => {
    browser = await openBrowser(executable ?? '');
  }, 30_000);
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    expect(pageErrors, 'errors in the browser').toEqual([]);
    const foreignUrls = requestedUrls.filter((url) => !url.startsWith(`${running.server.url}/`));
    expect(foreignUrls, 'requests to other servers').toEqual([]);
    requestedUrls = [];
    pageErrors = [];
  });
  afterAll(() => browser.close());

  const openPage = async (): Promise<Page> => {
    const context = await browser.newContext({ viewport: VIEWPORT });
    context.setDefaultTimeout(WAIT_LIMIT_MS);
    const page = await context.newPage();
    page.on('request', (request) => requestedUrls.push(request.url()));
    page.on('pageerror', (error) => pageErrors.push(error.message));
    await page.goto(running.server.entryUrl);
    await page.getByRole('heading', { name: 'Destinations' }).waitFor();
    return page;
  };

  const getCard = (page: Page, name: string): Locator => page.getByRole('article', { name, exact: true });
  const getMode = (page: Page, name: string): Locator =>
    getCard(page, name).getByLabel(`Mode of ${name}`, { exact: true });
  const getNewestRow = (page: Page): Locator => page.locator('tbody tr').first();
  const getCell = (page: Page, name: string): Locator =>
    getNewestRow(page).locator(`td[data-name="${name}"]`);
  const getDetails = (page: Page): Locator => page.getByRole('complementary');
  const openSecrets = (page: Page, name: string) =>
    page
      .getByRole('button', { name: `Secrets of ${name}`, exact: true })
      .first()
      .click();
  const logIn = (page: Page) =>
    page.getByRole('button', { name: /^(Sign up|Log in|Refresh the token)$/ }).click();

  const expectRows = (page: Page, count: number) =>
    expect.poll(() => page.locator('tbody tr').count(), { timeout: WAIT_LIMIT_MS }).toBe(count);
  const expectText = (locator: Locator, text: string) =>
    expect.poll(() => locator.innerText(), { timeout: WAIT_LIMIT_MS }).toContain(text);

  it('shows a SignUp and a Login arrive at every destination', async () => {
    const page = await openPage();
    await page.getByText('No logins yet').waitFor();
    await page.getByRole('button', { name: 'Sign up', exact: true }).click();
    for (const { name } of vendors) {
      await expectText(getCard(page, name).locator('.activities'), 'SignUp\nAda');
      await expectText(getCell(page, name), 'SignUp');
    }
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await expectRows(page, 2);
    for (const { name, recordedTypes } of vendors) {
      const counts = getCard(page, name).locator('.counts');
      const logins = recordedTypes.includes('Login') ? 1 : 0;
      await expectText(counts, `SignUps\n1\nLogins\n${logins}\nDuplicates\n0`);
    }
    for (const { name } of vendors) await expectText(getCard(page, name).locator('.latency'), 'p50');
    await expectText(page.getByRole('status'), 'Login 2: Ada, interactive login: splunk Login');
  });

  it('signs a new user up, with the selected application, connection, organization and protocol', async () => {
    const page = await openPage();
    await page.getByLabel('User', { exact: true }).selectOption('New user…');
    await page.getByLabel('Name', { exact: true }).fill('Mary <b>Jackson</b>');
    await page.getByLabel('Application').selectOption('Mobile app');
    await page.getByLabel('Connection').selectOption('google-oauth2');
    await page.getByLabel('Organization').selectOption('Acme Corporation');
    await logIn(page);
    await expectText(getNewestRow(page), 'Mary <b>Jackson</b>');
    await page.getByLabel('Kind').selectOption('Refresh token');
    await logIn(page);
    await expectRows(page, 2);
    await expectText(getCell(page, 'splunk'), 'skipped');
    await page.getByRole('button', { name: 'Login 1 of' }).click();
    await expectText(getDetails(page), 'Mobile app');
    await expectText(getDetails(page), '"organization": "acme"');
    await expectText(getDetails(page), '"strategy": "google-oauth2"');
  });

  it('shows the details of a login: outcome, log, request, response, event and the change of app_metadata', async () => {
    const page = await openPage();
    await logIn(page);
    await page.getByRole('button', { name: 'Login 1 of Ada' }).click();
    const details = getDetails(page);
    await expectText(details.locator('.outcomes').first(), 'SignUp delivered in');
    await expectText(details, '[splunk] SignUp delivered');
    await expectText(details, 'authorization: Splunk ***');
    await expectText(details, '"message": "SignUp"');
    await expectText(details, 'Response 200');
    await expectText(details.locator('ins'), '"splunk": true');
    await details.getByText("Auth0's event").first().click();
    await expectText(details, '"user_id": "auth0|ada"');
    await page.keyboard.press('Escape');
    await expect.poll(() => details.count()).toBe(0);
  });

  it('shows the activity that was recorded: methods, group, visitor, campaign and properties', async () => {
    running.playground.editFlow((flow) =>
      flow.setSecrets(['splunk'], { PROPERTIES: 'plan=user.app_metadata.plan' }),
    );
    const page = await openPage();
    await running.playground.logIn({
      user: VETERAN,
      application: WEB,
      organization: 'org_acme',
      request: { query: { 'ext-anonymous_id': 'visitor-42', utm_source: 'newsletter' } },
    });
    await page.getByRole('button', { name: 'Login 1 of Vera' }).click();
    const activity = getDetails(page).locator('.activity').first();
    await expectText(activity, 'Methods\npwd, mfa\nSecond factor\nyes');
    await expectText(activity, 'Group\nAcme Corporation, org_acme');
    await expectText(activity, 'Anonymous visitor\nvisitor-42');
    await expectText(activity, 'Campaign\nutm_source=newsletter');
    await expectText(activity, 'Properties\nplan=enterprise');
  });

  it('breaks a destination and shows it recover', async () => {
    const page = await openPage();
    const counts = getCard(page, 'splunk').locator('.counts');
    await getMode(page, 'splunk').selectOption('Fails, 500');
    await logIn(page);
    await expectText(getCell(page, 'splunk'), '500');
    await expectText(getCell(page, 'keen'), 'SignUp');
    await getNewestRow(page).getByRole('button').first().click();
    await expectText(getDetails(page).locator('.outcomes').first(), '3 attempts · buffered for retry');
    await page.getByRole('button', { name: 'Close' }).click();

    await getMode(page, 'splunk').selectOption('Up');
    await page.getByLabel('User', { exact: true }).selectOption({ label: 'Linus (no logins)' });
    await logIn(page);
    // Ada's SignUp is flushed after Linus's.
    await expectText(getCell(page, 'splunk'), '+1');
    await expectText(counts, 'SignUps\n2');
    await expectText(getCard(page, 'splunk').locator('.delivery'), '1 failed: 500\n1 flushed');
    await page.getByLabel('User', { exact: true }).selectOption({ label: 'Ada (1 login)' });
    await logIn(page);
    await expectRows(page, 3);
    // Her flag is not set yet, so the SignUp is sent again, with the same id.
    await expectText(counts, 'SignUps\n2\nLogins\n0\nDuplicates\n1');
    await expectText(getCard(page, 'splunk').locator('.latency'), 'p95');
  });

  it('shows which destination failed in one Action for all', async () => {
    const page = await openPage();
    const flow = page.getByRole('region', { name: 'Post-login flow' });
    await flow.getByRole('button', { name: 'Bind all' }).click();
    await flow.getByRole('button', { name: 'Unbind all' }).waitFor();
    await getMode(page, 'keen').selectOption('Rejects credentials, 401');
    await logIn(page);
    await expectText(getCell(page, 'all: keen'), '401');
    await expectText(getCell(page, 'all: splunk'), 'Login');
    await getNewestRow(page).getByRole('button').first().click();
    await expectText(getDetails(page).locator('.outcomes').last(), 'keen: SignUp failed: 401');
  });

  it('changes secrets, and never shows them again', async () => {
    const page = await openPage();
    await openSecrets(page, 'splunk');
    const dialog = page.getByRole('dialog');
    const token = dialog.getByLabel('SPLUNK_HEC_TOKEN', { exact: true });
    expect(await token.inputValue()).toBe('');
    expect(await token.getAttribute('type')).toBe('password');
    await token.fill('hunter2-hunter2');
    await dialog.getByLabel('ON_FAILURE').selectOption('deny');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await logIn(page);
    await expectText(getCell(page, 'splunk'), '403');
    await expectText(getNewestRow(page), 'denied');

    await openSecrets(page, 'splunk');
    expect(await token.inputValue()).toBe('');
    expect(await dialog.getByLabel('ON_FAILURE').inputValue()).toBe('deny');
    await dialog.getByLabel('SPLUNK_HEC_URL', { exact: true }).fill('');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expectText(page.getByRole('region', { name: 'Post-login flow' }), 'not configured');
    expect(await page.content()).not.toContain('hunter2');

    await openSecrets(page, 'splunk');
    await dialog.getByRole('button', { name: 'Use the mock vendor' }).click();
    await expect.poll(() => dialog.count()).toBe(0);
    await logIn(page);
    await expectText(getCell(page, 'splunk'), 'SignUp');
  });

  it('applies settings to every Action', async () => {
    const page = await openPage();
    await openSecrets(page, 'keen');
    await page.getByLabel('DELIVERY_TIMEOUT_MS').fill('250');
    await page.getByLabel('OMIT_FIELDS').fill('email');
    await page.getByLabel('Apply the settings to every Action').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await getMode(page, 'segment').selectOption('Hangs');
    await logIn(page);
    await expectText(getCell(page, 'segment'), 'timeout');
    await getNewestRow(page).getByRole('button').first().click();
    await expectText(getDetails(page), 'timed out after 250 ms');
    const splunk = getDetails(page).locator('.run-details').first();
    await expectText(splunk, '"userName": "Ada"');
    const requestBody = splunk.locator('pre').nth(1);
    expect(await requestBody.innerText()).toContain('"userName": "Ada"');
    expect(await requestBody.innerText()).not.toContain('ada@example.com');
  });

  it('changes the order of the flow, and which Actions are bound', async () => {
    const page = await openPage();
    const flow = page.getByRole('region', { name: 'Post-login flow' });
    await flow.getByRole('button', { name: 'Move segment up', exact: true }).click();
    await flow.getByRole('button', { name: 'Unbind splunk' }).click();
    await flow.getByRole('button', { name: 'Bind splunk' }).waitFor();
    await expect.poll(() => page.evaluate('document.activeElement?.textContent')).toBe('Post-login flow');
    await logIn(page);
    await expectRows(page, 1);
    const names = await getNewestRow(page)
      .locator('td[data-name]')
      .evaluateAll((cells) => cells.map((cell) => cell.getAttribute('data-name')));
    const others = vendors.map(({ name }) => name).slice(3);
    expect(names).toEqual(['segment', 'keen', ...others]);
    await flow.getByRole('button', { name: 'Bind splunk' }).click();
    await logIn(page);
    await expectRows(page, 2);
    await expectText(getCell(page, 'splunk'), 'SignUp');
  });

  it('runs a hundred random logins, and shows the progress', async () => {
    const page = await openPage();
    await page.getByRole('button', { name: '100 random logins' }).click();
    await expectText(page.locator('.random-logins span'), 'of 100');
    await expect
      .poll(() => page.getByRole('heading', { name: /^Logins/ }).innerText(), { timeout: 20_000 })
      .toBe('Logins 100');
    await page.getByRole('button', { name: '100 random logins' }).waitFor();
  });

  it('shows the same state in two windows and after a reload, and resets both', async () => {
    const [first, second] = [await openPage(), await openPage()];
    await getMode(first, 'keen').selectOption('Hangs');
    await getMode(first, 'keen').selectOption('Rejects credentials, 401');
    await logIn(first);
    await first.getByRole('button', { name: 'Login 1 of Ada' }).click();
    await expectText(getCell(second, 'keen'), '401');
    expect(await getMode(second, 'keen').inputValue()).toBe('rejects');
    await first.reload();
    await expectText(getCell(first, 'keen'), '401');
    await expectText(getDetails(first), '[splunk] SignUp delivered');
    await first.getByRole('button', { name: 'Close' }).click();
    await second.getByRole('button', { name: 'Reset' }).click();
    await expectText(second.getByRole('dialog'), 'Reset also undoes the modes of keen.');
    await second.getByRole('button', { name: 'Reset everything' }).click();
    for (const page of [first, second]) {
      await page.getByText('No logins yet').waitFor();
      await expect.poll(() => getMode(page, 'keen').inputValue()).toBe('up');
    }
  });

  it('can be used with the keyboard alone', async () => {
    const page = await openPage();
    const getFocusedText = () => page.evaluate<string>('document.activeElement?.textContent ?? ""');
    const tabTo = async (text: string) => {
      for (let presses = 0; presses < 200; presses += 1) {
        if ((await getFocusedText()).startsWith(text)) return;
        await page.keyboard.press('Tab');
      }
      throw new Error(`The keyboard does not reach ${text}`);
    };
    await tabTo('Sign up');
    await page.keyboard.press('Enter');
    await expectRows(page, 1);
    await tabTo('Login 1 of Ada');
    await page.keyboard.press('Enter');
    await expectText(getDetails(page), 'SignUp delivered');
    expect(await getFocusedText()).toBe('Login 1 of Ada');
    await page.keyboard.press('Escape');
    await expect.poll(getFocusedText).toMatch(/^Login 1 of Ada/);
    await getMode(page, 'keen').focus();
    await page.keyboard.press('ArrowDown');
    const getKeenMode = () =>
      running.playground.getState().destinations.find(({ name }) => name === 'keen')?.mode;
    await expect.poll(getKeenMode).toBe('rejects');
  });

  it('opens the details on the request of the clicked Action, and copies it as JSON and as curl', async () => {
    const page = await openPage();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await logIn(page);
    await getCell(page, 'mixpanel').getByRole('button').click();
    const details = getDetails(page);
    await details.locator('.run-details').first().waitFor();
    const first = details.locator('.run-details').first();
    await expectText(first, 'mixpanel');
    const parts = await first.locator('.part').allInnerTexts();
    expect(parts.slice(0, 2)).toEqual([
      expect.stringContaining('Request'),
      expect.stringContaining('Response 200'),
    ]);
    expect(parts.slice(-3)).toEqual(['Outcome', 'Activity', 'Log']);
    const getClipboard = () => page.evaluate<string>('navigator.clipboard.readText()');
    // Another request, at the same time, sets the user's profile.
    const urls = await first.locator('pre > b').allInnerTexts();
    const index = urls.findIndex((url) => url.includes('/import'));
    await first.getByRole('button', { name: 'Copy as JSON' }).nth(index).click();
    await first.getByRole('button', { name: 'Copied' }).waitFor();
    expect(JSON.parse(await getClipboard())).toMatchObject([{ event: 'Signed Up' }]);
    await first.getByRole('button', { name: 'Copy as curl' }).nth(index).click();
    await expect.poll(getClipboard).toMatch(/^curl -X POST 'http:.*\/import/);
    expect(await getClipboard()).toContain('authorization: Basic \'"$CREDENTIAL"');
  });

  it('shows that the circuit of a destination is open, until when, and what is buffered', async () => {
    const page = await openPage();
    await getMode(page, 'keen').selectOption('Up');
    await getMode(page, 'splunk').selectOption('Fails, 500');
    for (let logins = 0; logins < 3; logins += 1) {
      await running.playground.logIn({ user: VETERAN, application: WEB });
    }
    const delivery = getCard(page, 'splunk').locator('.delivery');
    await expect.poll(() => delivery.innerText()).toMatch(/Circuit open, probe in \d+ s/);
    await expectText(delivery, '3 failed');
    await expectText(delivery, '3 buffered');
    const getSeconds = async () => Number(/in (\d+) s/.exec(await delivery.innerText())?.[1]);
    const seconds = await getSeconds();
    await expect.poll(getSeconds, { timeout: WAIT_LIMIT_MS }).toBeLessThan(seconds);
    expect(await getCard(page, 'keen').locator('.delivery').innerText()).toBe('');
  });

  it.each([
    ['Connection refused', 'refused'],
    ['DNS failure', 'DNS failure'],
    ['Expired certificate', 'expired'],
    ['HTML page, 200', 'not accepted'],
  ])('shows a destination fail in the mode %s, and recover', async (mode, label) => {
    const page = await openPage();
    for (const name of ['splunk', 'keen']) await getMode(page, name).selectOption(mode);
    await logIn(page);
    for (const name of ['splunk', 'keen']) {
      await expectText(getCell(page, name), label);
      await expectText(getCard(page, name).locator('.delivery'), `1 failed: ${label}`);
      await expectText(getCard(page, name).locator('.counts'), 'SignUps\n0');
      await getMode(page, name).selectOption('Up');
    }
    await expectText(getCell(page, 'posthog'), 'SignUp');
    await logIn(page);
    await expectRows(page, 2);
    await expectText(getCell(page, 'splunk'), 'SignUp');
    await expectText(getCell(page, 'keen'), 'SignUp');
  });

  it('shows the deadline of the flow, of a login and of a cell', async () => {
    const page = await openPage();
    running.playground.editFlow((flow) => flow.setSecrets(['splunk'], { DELIVERY_TIMEOUT_MS: '1500' }));
    const others = vendors.length - 1;
    await expectText(page.locator('.flow'), `after at most ${(others * 3 + 1.5).toFixed(1)} s`);
    await logIn(page);
    await getCell(page, 'splunk').getByRole('button').click();
    await expectText(getDetails(page), 'of at most 1.5 s');
    expect(await getCell(page, 'splunk').getByRole('button').getAttribute('title')).toContain(
      'of at most 1.5 s',
    );
  });

  it('links the documentation of each destination', async () => {
    const page = await openPage();
    const getUrl = (link: Locator) => link.getAttribute('href');
    const pattern = /\/docs\/destinations\/splunk\.md$/;
    expect(await getUrl(getCard(page, 'splunk').getByRole('link'))).toMatch(pattern);
    await logIn(page);
    await getCell(page, 'splunk').getByRole('button').click();
    const documentation = getDetails(page).getByRole('link', { name: 'splunk documentation' });
    expect(await getUrl(documentation)).toMatch(pattern);
    const vendor = getDetails(page).locator('.run-details').first().getByRole('link').last();
    expect(await getUrl(vendor)).toContain('https://help.splunk.com/');
  });

  it('combines the Actions of a flow into one, which records at the same destinations', async () => {
    for (const { name } of vendors.slice(3)) running.playground.editFlow((flow) => flow.unbind(name));
    const page = await openPage();
    const flow = page.getByRole('region', { name: 'Post-login flow' });
    await expectText(flow, 'at most 9.0 s');
    await flow.getByRole('button', { name: 'Combine into one Action' }).click();
    await expectText(flow, 'splunk, keen, segment-http');
    await expectText(flow, 'at most 3.0 s');
    await logIn(page);
    for (const name of ['splunk', 'keen', 'segment-http']) {
      await expectText(getCell(page, name), 'SignUp');
      await expectText(getCard(page, name).locator('.counts'), 'SignUps\n1');
    }
    await getCell(page, 'keen').getByRole('button').click();
    await expectText(getDetails(page).locator('.part').first(), 'keen: request');
    await getDetails(page).getByRole('button', { name: 'Close' }).click();
    await openSecrets(page, 'all');
    const groups = page.getByRole('dialog').locator('details.group');
    const open = await groups.evaluateAll((elements) =>
      elements.filter((element) => element.matches('[open]')).map((element) => element.textContent),
    );
    expect(open).toEqual(['splunk', 'keen', 'segment-http'].map((name) => expect.stringContaining(name)));
  });

  it('changes properties and filters of every Action for the next login', async () => {
    const page = await openPage();
    await page.getByRole('button', { name: 'Properties and settings' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('PROPERTIES', { exact: true }).fill("env='prod'");
    await dialog.getByLabel('ANONYMOUS_ID').fill('request.query.visitor');
    await dialog.getByLabel('EXCLUDE').fill('domain=acme.example');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => dialog.count()).toBe(0);
    await page.getByText('Query, metadata, methods').click();
    await page.getByLabel('Query of /authorize').fill('visitor=v7');
    await logIn(page);
    await getCell(page, 'keen').getByRole('button').click();
    const activity = getDetails(page).locator('.activity').first();
    await expectText(activity, 'Anonymous visitor\nv7');
    await expectText(activity, 'Properties\nenv=prod');
    await page.getByLabel('User', { exact: true }).selectOption({ label: 'Linus (no logins)' });
    await logIn(page);
    await expectRows(page, 2);
    await expectText(getCell(page, 'splunk'), 'skipped');
  });

  it('keeps the form in the URL, which reproduces it in another window', async () => {
    const page = await openPage();
    await page.getByLabel('User', { exact: true }).selectOption('New user…');
    await page.getByLabel('Name', { exact: true }).fill('Mary & Co');
    await page.getByLabel('Organization').selectOption('Acme Corporation');
    await page.getByLabel('Kind').selectOption('Single sign-on');
    await page.getByText('Query, metadata, methods').click();
    await page.getByLabel('Query of /authorize').fill('utm_source=news&utm_campaign=fall');
    await page.getByLabel('app_metadata').fill('{ "plan": "pro" }');
    await page.getByLabel('Protocol').selectOption('samlp');
    await expect.poll(() => page.url()).toContain('protocol=samlp');
    const other = await page.context().newPage();
    await other.goto(`${page.url()}&token=${running.server.token}`);
    expect(await other.getByLabel('Name', { exact: true }).inputValue()).toBe('Mary & Co');
    expect(await other.getByLabel('Organization').inputValue()).toBe('org_acme');
    expect(await other.getByLabel('Query of /authorize').inputValue()).toContain('utm_campaign=fall');
    expect(await other.getByLabel('Protocol').inputValue()).toBe('samlp');
    expect(other.url()).toBe(page.url());
    await logIn(other);
    await getCell(other, 'splunk').getByRole('button').click();
    await expectText(getDetails(other).locator('.activity').first(), 'utm_campaign=fall');
    await getDetails(other).getByRole('button', { name: 'Close' }).click();
    expect(other.url()).toContain('protocol=samlp');
  });

  it('groups secrets, and shows URLs and certificates but no credentials', async () => {
    const page = await openPage();
    await openSecrets(page, 'splunk');
    const dialog = page.getByRole('dialog');
    const getGroup = (name: string) => dialog.getByRole('region', { name, exact: true });
    await getGroup('Required').getByLabel('SPLUNK_HEC_TOKEN', { exact: true }).waitFor();
    await getGroup('Delivery').getByLabel('DELIVERY_TIMEOUT_MS').waitFor();
    await getGroup('Privacy').getByLabel('OMIT_FIELDS').waitFor();
    await getGroup('Event').getByLabel('SPLUNK_SIGNUP_EVENT').waitFor();
    expect(await dialog.getByLabel('SPLUNK_HEC_URL', { exact: true }).inputValue()).toMatch(/^https:/);
    const certificate = dialog.getByLabel('SPLUNK_CA_CERT', { exact: true });
    expect(await certificate.evaluate((input) => input.nodeName)).toBe('TEXTAREA');
    expect(await certificate.inputValue()).toContain('CERTIFICATE-----\n');
    const token = dialog.getByLabel('SPLUNK_HEC_TOKEN', { exact: true });
    expect(await token.inputValue()).toBe('');
    await token.fill('typed');
    expect(await token.getAttribute('type')).toBe('password');
    await dialog.getByRole('button', { name: 'Show SPLUNK_HEC_TOKEN' }).click();
    expect(await token.getAttribute('type')).toBe('text');
  });

  it('filters the logins and exports them', async () => {
    const page = await openPage();
    await running.playground.logIn({ user: VETERAN, application: WEB });
    await logIn(page);
    await expectRows(page, 2);
    await page.getByLabel('Filter logins').fill('vera');
    await expectRows(page, 1);
    await page.getByLabel('Filter logins').fill('nobody');
    await page.getByText('No login matches').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export' }).click(),
    ]);
    const exported = JSON.parse(readFileSync(await download.path(), 'utf8'));
    expect(exported).toMatchObject([{ user: 'Ada' }, { user: 'Vera, a user since 2019' }]);
  });

  it('starts with a flow of four, and adds another destination with one click', async () => {
    const playground = await Playground.open();
    const server = await startPlaygroundServer(playground);
    const page = await browser.newPage();
    await page.goto(server.entryUrl);
    const getCards = () =>
      page.getByRole('article').evaluateAll((cards) => cards.map((card) => card.ariaLabel));
    await expect.poll(getCards).toEqual(FIRST_FLOW);
    await page.getByRole('button', { name: 'Bind posthog' }).click();
    await expect.poll(getCards).toContain('posthog');
    await page.getByRole('button', { name: 'Bind all' }).click();
    await page.getByText('Recorded twice').waitFor();
    await page.close();
    await Promise.all([server.close(), playground.close()]);
  });

  it.each([390, 1024, 1280, 1920])(
    'shows every heading and outcome of ten destinations in full at %i px',
    async (width) => {
      const page = await openPage();
      await page.setViewportSize({ width, height: 720 });
      await getMode(page, 'splunk').selectOption('Fails, 500');
      await logIn(page);
      await expectRows(page, 1);
      const clipped = await page
        .locator('thead .action span, tbody .run-cell .label, tbody .run-cell .mark')
        .evaluateAll((elements) =>
          elements
            .filter((element) => {
              const { width: shown } = element.getBoundingClientRect();
              return shown > 1 && element.scrollWidth > Math.ceil(element.clientWidth);
            })
            .map((element) => element.textContent),
        );
      expect(clipped).toEqual([]);
      await expectText(getCell(page, 'splunk'), width > 900 ? '500' : 'splunk');
    },
  );

  it('shows every SignUp in the same color, which is not that of a failure', async () => {
    const page = await openPage();
    await getMode(page, 'splunk').selectOption('Fails, 500');
    await logIn(page);
    await expectRows(page, 1);
    const getColors = (selector: string) =>
      page.locator(selector).evaluateAll((elements) => {
        const getColor = (element: unknown) => Reflect.get(globalThis, 'getComputedStyle')(element).color;
        return [...new Set(elements.map(getColor))];
      });
    const signUps = await getColors('.mark.sign-up');
    const failures = await getColors('.mark.bad');
    expect([signUps.length, failures.length]).toEqual([1, 1]);
    expect(signUps).not.toEqual(failures);
  });

  it('shows the details without covering the logins', async () => {
    const page = await openPage();
    await logIn(page);
    await getCell(page, 'keen').getByRole('button').click();
    await getDetails(page).waitFor();
    for (const width of [1024, 1280, 1920]) {
      await page.setViewportSize({ width, height: 1000 });
      const [table, details] = await Promise.all([
        page.locator('.timeline').boundingBox(),
        getDetails(page).boundingBox(),
      ]);
      if (!table || !details) throw new Error('Not shown');
      const isBelow = details.y >= table.y + table.height;
      expect(isBelow || details.x >= table.x + table.width, `${width} px`).toBe(true);
    }
  });

  it('keeps the cards aligned when one of them has a note', async () => {
    const page = await openPage();
    running.playground.editFlow((flow) =>
      flow.setSecrets(['keen'], { KEENIO_URL: 'https://keen.example.com' }),
    );
    await expectText(getCard(page, 'keen'), 'sends to another server');
    const tops = await page
      .locator('.card select')
      .evaluateAll((selects) => selects.slice(0, 4).map((select) => select.getBoundingClientRect()));
    expect(new Set(tops.map(({ top }) => top)).size).toBe(1);
    expect(new Set(tops.map(({ height }) => height)).size).toBe(1);
  });

  it('dismisses the banner of a failed change when a later one succeeds', async () => {
    const page = await openPage();
    running.playground.editFlow((flow) => flow.unbind('keen'));
    await page.route('**/logins', (route) => route.fulfill({ status: 400, body: 'There is no such user' }), {
      times: 1,
    });
    await logIn(page);
    await expectText(page.getByRole('alert'), 'There is no such user');
    await logIn(page);
    await expectRows(page, 1);
    await expect.poll(() => page.getByRole('alert').count()).toBe(0);
  });

  it('does not send a name of spaces', async () => {
    const page = await openPage();
    await page.getByLabel('User', { exact: true }).selectOption('New user…');
    await page.getByLabel('Name', { exact: true }).fill('   ');
    await logIn(page);
    expect(
      await page.getByLabel('Name', { exact: true }).evaluate((input) => input.matches(':invalid')),
    ).toBe(true);
    await expectRows(page, 0);
  });

  it('opens the Action whose cell was clicked', async () => {
    const page = await openPage();
    await logIn(page);
    await getCell(page, 'mixpanel').getByRole('button').click();
    await getDetails(page).locator('details[open] > summary', { hasText: 'mixpanel' }).waitFor();
    expect(await getDetails(page).locator('.run-details[open]').count()).toBe(1);
  });

  it('closes the details with Back, and opens them with Forward', async () => {
    const page = await openPage();
    await logIn(page);
    await getCell(page, 'splunk').getByRole('button').click();
    await getDetails(page).waitFor();
    await page.goBack();
    await expect.poll(() => getDetails(page).count()).toBe(0);
    await page.goForward();
    await expectText(getDetails(page), 'Login 1');
  });

  it('logs in with query parameters, metadata, methods and a protocol of its own', async () => {
    running.playground.editFlow((flow) =>
      flow.setSecrets(['splunk'], { PROPERTIES: 'plan=user.app_metadata.plan,team=user.user_metadata.team' }),
    );
    const page = await openPage();
    await page.getByText('Query, metadata, methods').click();
    await page.getByLabel('Query of /authorize').fill('ext-anonymous_id=visitor-7&utm_source=newsletter');
    await page.getByLabel('user_metadata').fill('{ "team": "blue" }');
    await page.getByLabel('app_metadata').fill('{ "plan"');
    await logIn(page);
    await expectRows(page, 0);
    await page.getByLabel('app_metadata').fill('{ "plan": "pro" }');
    await page.getByLabel('Authentication methods').fill('passkey, mfa');
    await page.getByLabel('Protocol').selectOption('samlp');
    await logIn(page);
    await getCell(page, 'splunk').getByRole('button').click();
    const activity = getDetails(page).locator('.activity').first();
    await expectText(activity, 'Protocol\nsamlp\nMethods\npasskey, mfa\nSecond factor\nyes');
    await expectText(activity, 'Anonymous visitor\nvisitor-7');
    await expectText(activity, 'Campaign\nutm_source=newsletter');
    await expectText(activity, 'Properties\nplan=pro, team=blue');
  });

  it('checks secrets as they are typed, and saves none that are malformed', async () => {
    const page = await openPage();
    await openSecrets(page, 'splunk');
    const dialog = page.getByRole('dialog');
    const url = dialog.getByLabel('SPLUNK_HEC_URL', { exact: true });
    const mockUrl = await url.inputValue();
    await url.fill('not a url');
    await dialog.getByLabel('DELIVERY_TIMEOUT_MS').fill('7');
    await dialog.getByText('SPLUNK_HEC_URL must be an https URL').waitFor();
    await dialog.getByText('DELIVERY_TIMEOUT_MS must be a whole number from 250 to 10000').waitFor();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expectText(dialog.getByRole('alert'), 'Not saved: SPLUNK_HEC_URL must be');
    await url.fill(mockUrl);
    await dialog.getByLabel('DELIVERY_TIMEOUT_MS').fill('700');
    await dialog.getByLabel('HASH_FIELDS').fill('email');
    await dialog.getByText('HASH_KEY is missing').waitFor();
    await dialog.getByLabel('HASH_KEY', { exact: true }).fill('key');
    await expect.poll(() => dialog.getByText('HASH_KEY is missing').count()).toBe(0);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => dialog.count()).toBe(0);
    await logIn(page);
    await expectText(getCell(page, 'splunk'), 'SignUp');
  });

  it('calls only a first login with the user a sign-up', async () => {
    const page = await openPage();
    await page.getByRole('button', { name: 'Sign up', exact: true }).waitFor();
    await page.getByLabel('Kind').selectOption('Refresh token');
    await page.getByRole('button', { name: 'Refresh the token' }).waitFor();
    await page.getByLabel('Kind').selectOption('Silent authentication');
    await page.getByRole('button', { name: 'Authenticate silently' }).waitFor();
  });

  it('asks before a reset removes secrets that were typed', async () => {
    const page = await openPage();
    running.playground.editFlow((flow) => flow.setSecrets(['keen'], { KEENIO_PROJECT_ID: 'mine' }));
    const isEdited = () =>
      running.playground.getState().actions.some(({ secrets }) => secrets.some((secret) => secret.isEdited));
    await expectText(page.getByRole('region', { name: 'Post-login flow' }), 'edited');
    await page.getByRole('button', { name: 'Reset' }).click();
    await expectText(page.getByRole('dialog'), 'the secrets of keen');
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(isEdited()).toBe(true);
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.getByRole('button', { name: 'Reset everything' }).click();
    await expect.poll(isEdited).toBe(false);
  });

  it('asks before Escape or × discards secrets that were typed', async () => {
    const page = await openPage();
    await openSecrets(page, 'splunk');
    const token = page.getByLabel('SPLUNK_HEC_TOKEN', { exact: true });
    await token.fill('typed');
    await page.keyboard.press('Escape');
    await page.getByText('Discard what you typed?').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(await token.inputValue()).toBe('typed');
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Discard' }).click();
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  });

  it('shows no percentiles before a destination has accepted anything', async () => {
    const page = await openPage();
    await getMode(page, 'keen').selectOption('Fails, 500');
    await logIn(page);
    await expectText(getCell(page, 'keen'), '500');
    await expectText(getCard(page, 'keen').locator('.latency'), 'Nothing accepted yet');
  });

  it.each([390, 768, 1024, 1280, 1920])(
    'fits into %i px, is no taller than its content, and has no accessibility violations',
    async (width) => {
      for (let logins = 0; logins < 40; logins += 1) {
        await running.playground.logIn({ user: VETERAN, application: WEB });
      }
      const page = await openPage();
      await page.setViewportSize({ width, height: 720 });
      await expectRows(page, 40);
      const expectFit = async (view: string) => {
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        const excess = await page.evaluate<number>(
          'document.documentElement.scrollHeight - Math.max(innerHeight, document.body.getBoundingClientRect().height)',
        );
        expect(overflow, `${view}: width`).toBeLessThanOrEqual(0);
        expect(excess, `${view}: height`).toBeLessThanOrEqual(1);
      };
      await expectFit('logins');
      await getNewestRow(page).getByRole('button').first().click();
      await expectText(getDetails(page), 'Login delivered');
      await expectFit('details');
      expect(await findViolations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Close' }).click();
      await openSecrets(page, 'splunk');
      await page.getByRole('button', { name: 'Save' }).waitFor();
      await expectFit('secrets');
      const overflow = await page
        .getByRole('dialog')
        .evaluate((element) => element.scrollWidth - element.clientWidth);
      expect(overflow, 'width of the dialog').toBeLessThanOrEqual(0);
    },
  );

  it.each(['light', 'dark'] as const)(
    'gives bars, marks and controls a contrast of 3:1 in %s mode',
    async (colorScheme) => {
      const page = await openPage();
      await page.emulateMedia({ colorScheme });
      await getMode(page, 'splunk').selectOption('Fails, 500');
      await logIn(page);
      await expectText(getCell(page, 'splunk'), '500');
      const contrasts = await page.evaluate<Record<string, number>>(`(() => {
        const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
        const toLuminance = (color) => {
          context.fillStyle = color;
          context.fillRect(0, 0, 1, 1);
          const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data]
            .map((value) => value / 255)
            .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const surface = toLuminance(getComputedStyle(document.querySelector('.card')).backgroundColor);
        const getContrast = (selector, property) => {
          const other = toLuminance(getComputedStyle(document.querySelector(selector))[property]);
          return (Math.max(surface, other) + 0.05) / (Math.min(surface, other) + 0.05);
        };
        return {
          ...Object.fromEntries(
            [...document.querySelectorAll('.card')].map(({ ariaLabel }) => [
              ariaLabel, getContrast('[aria-label="' + ariaLabel + '"] .dot', 'backgroundColor'),
            ]),
          ),
          bar: getContrast('.bar:not(.bad)', 'backgroundColor'),
          failedBar: getContrast('.bar.bad', 'backgroundColor'),
          signUps: getContrast('.chart .sign-ups', 'fill'),
          logins: getContrast('.chart .logins', 'fill'),
          select: getContrast('.card select', 'borderTopColor'),
        };
      })()`);
      expect(Object.entries(contrasts).filter(([, contrast]) => contrast < 3)).toEqual([]);
      expect(Object.keys(contrasts)).toHaveLength(vendors.length + 5);
    },
  );

  it.each(['light', 'dark'] as const)('has no accessibility violations in %s mode', async (colorScheme) => {
    const page = await openPage();
    await page.emulateMedia({ colorScheme });
    const background = await page.evaluate<string>(
      'getComputedStyle(document.documentElement).backgroundColor',
    );
    const [red = 0] = (background.match(/\d+/g) ?? []).map(Number);
    expect(red < 128).toBe(colorScheme === 'dark');

    await getMode(page, 'splunk').selectOption('Fails, 500');
    await logIn(page);
    await getNewestRow(page).getByRole('button').first().click();
    await expectText(getDetails(page), '500');
    expect(await findViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Close' }).click();
    await openSecrets(page, 'splunk');
    await page.getByRole('dialog').waitFor();
    expect(await findViolations(page)).toEqual([]);
  });

  it('says that it has stopped when the server is gone', async () => {
    const otherServer = await startPlaygroundServer(running.playground);
    const page = await browser.newPage();
    await page.goto(otherServer.entryUrl);
    await page.getByText('Live').waitFor();
    await otherServer.close();
    await expectText(page.getByRole('alert'), 'The playground has stopped');
    await page.close();
  });

  it('reconnects when it was restarted on the same port, and its new URL was opened', async () => {
    const first = await startOnPreferredPort(running.playground);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(first.entryUrl);
    await page.getByText('Live').waitFor();
    await first.close();
    const second = await startOnPreferredPort(running.playground);
    expect(second.url).toBe(first.url);
    await expectText(page.getByRole('alert'), 'The playground has stopped');
    const other = await context.newPage();
    await other.goto(second.entryUrl);
    await page.getByText('Live').waitFor({ timeout: WAIT_LIMIT_MS });
    await context.close();
    await second.close();
  });

  it('starts on the next port if the preferred one is taken', async () => {
    const first = await startOnPreferredPort(running.playground);
    const second = await startOnPreferredPort(running.playground);
    expect(Number(new URL(second.url).port)).toBeGreaterThan(Number(new URL(first.url).port));
    await Promise.all([first.close(), second.close()]);
  });
});

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Rule and elements of each violation. https://github.com/dequelabs/axe-core */
const findViolations = async (page: Page): Promise<string[]> => {
  await page.evaluate(AXE);
  const options: RunOptions = { resultTypes: ['violations'] };
  const results: AxeResults = await page.evaluate(
    (runOptions) => Reflect.get(globalThis, 'axe').run(runOptions),
    options,
  );
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target }) => `${id}: ${target.join(' ')}`),
  );
};
