/** The page in a real browser. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Browser, Locator, Page as Tab } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findBrowser, openBrowser } from '../../tools/playground/browser.ts';
import { Playground } from '../../tools/playground/playground.ts';
import { type Page, startPage } from '../../tools/playground/server.ts';
import { vendors } from '../../tools/simulator/vendors/all-vendors.ts';

const DESKTOP = { viewport: { width: 1440, height: 1000 } };
const PATIENCE_MS = 5000;

const executable = findBrowser();
if (!executable && process.env.CI) throw new Error('CI must test the page: install Chromium');
if (!executable) console.warn('THE PAGE IS NOT TESTED: there is no Chromium or Chrome on this machine.');

describe.skipIf(!executable)('the page', { timeout: 30_000 }, () => {
  let playground: Playground;
  let server: Page;
  let browser: Browser;
  const requested: string[] = [];

  beforeAll(async () => {
    playground = await Playground.open();
    [server, browser] = await Promise.all([startPage(playground), openBrowser(executable ?? '')]);
  }, 30_000);
  beforeEach(() => playground.reset());
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    expect(requested.splice(0).filter((url) => !url.startsWith(`${server.url}/`))).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([server.close(), playground.close()]);
  });

  const open = async (): Promise<Tab> => {
    const context = await browser.newContext(DESKTOP);
    context.setDefaultTimeout(PATIENCE_MS);
    const tab = await context.newPage();
    tab.on('request', (request) => requested.push(request.url()));
    tab.on('pageerror', (error) => requested.push(`error: ${error.message}`));
    await tab.goto(server.url);
    await tab.getByRole('heading', { name: 'Destinations' }).waitFor();
    return tab;
  };

  const card = (tab: Tab, name: string): Locator => tab.getByRole('article', { name, exact: true });
  /** The login that is the newest. */
  const row = (tab: Tab): Locator => tab.locator('tbody tr').first();
  const cell = (tab: Tab, name: string): Locator => row(tab).locator(`td[data-name="${name}"]`);
  const rows = (tab: Tab, count: number) =>
    expect.poll(() => tab.locator('tbody tr').count(), { timeout: PATIENCE_MS }).toBe(count);
  const shows = (locator: Locator, text: string) =>
    expect.poll(() => locator.innerText(), { timeout: PATIENCE_MS }).toContain(text);
  const logIn = (tab: Tab) => tab.getByRole('button', { name: /^(Sign up|Log in)$/ }).click();

  it('shows a SignUp and a Login arrive at every destination', async () => {
    const tab = await open();
    await tab.getByText('Nobody has logged in yet').waitFor();
    await tab.getByRole('button', { name: 'Sign up', exact: true }).click();
    for (const { name } of vendors) {
      await shows(card(tab, name).locator('.activities'), 'SignUp\nAda');
      await shows(cell(tab, name), 'SignUp');
    }
    await tab.getByRole('button', { name: 'Log in', exact: true }).click();
    await rows(tab, 2);
    for (const { name, recordedTypes } of vendors) {
      const counts = card(tab, name).locator('.counts');
      await shows(counts, `SignUps\n1\nLogins\n${recordedTypes.includes('Login') ? 1 : 0}\nRepeated\n0`);
    }
    await shows(tab.getByRole('status'), 'Login 2: Ada, interactive login: splunk Login');
  });

  it('signs somebody new up, with the application, connection, organization and protocol of choice', async () => {
    const tab = await open();
    await tab.getByLabel('User', { exact: true }).selectOption('Somebody new…');
    await tab.getByLabel('Name', { exact: true }).fill('Mary <b>Jackson</b>');
    await tab.getByLabel('Application').selectOption('Mobile app');
    await tab.getByLabel('Connection').selectOption('google-oauth2');
    await tab.getByLabel('Organization').selectOption('Acme Corporation');
    await logIn(tab);
    await shows(row(tab), 'Mary <b>Jackson</b>');
    await tab.getByLabel('Protocol').selectOption('Refresh token');
    await logIn(tab);
    await rows(tab, 2);
    await shows(cell(tab, 'splunk'), 'skipped');
    await tab.getByRole('button', { name: 'Login 1 of' }).click();
    const details = tab.getByRole('complementary');
    await shows(details, 'Mobile app');
    await shows(details, '"organization": "acme"');
    await shows(details, '"strategy": "google-oauth2"');
  });

  it('shows the journey of a login: event, request, answer, log line and the change of app_metadata', async () => {
    const tab = await open();
    await logIn(tab);
    await tab.getByRole('button', { name: 'Login 1 of Ada' }).click();
    const details = tab.getByRole('complementary');
    await shows(details, '[splunk] SignUp delivered in');
    await shows(details, 'authorization: Splunk ***');
    await shows(details, '"message": "SignUp"');
    await shows(details, 'Answer 200');
    await shows(details.locator('ins'), '"splunk": true');
    await details.getByText('The event that Auth0 hands over').first().click();
    await shows(details, '"user_id": "auth0|ada"');
    await tab.keyboard.press('Escape');
    await expect.poll(() => details.count()).toBe(0);
  });

  it('breaks a destination and shows it recover', async () => {
    const tab = await open();
    await card(tab, 'splunk').getByLabel('splunk is').selectOption('Fails, 500');
    await logIn(tab);
    await shows(cell(tab, 'splunk'), '500');
    await shows(cell(tab, 'keen'), 'SignUp');
    await card(tab, 'splunk').getByLabel('splunk is').selectOption('Up');
    await tab.getByLabel('User', { exact: true }).selectOption({ label: 'Linus (never logged in)' });
    await logIn(tab);
    // Ada's goes along with his.
    await shows(cell(tab, 'splunk'), '+1');
    await shows(card(tab, 'splunk').locator('.counts'), 'SignUps\n2');
    await tab.getByLabel('User', { exact: true }).selectOption({ label: 'Ada (1 login)' });
    await logIn(tab);
    await rows(tab, 3);
    // It was not marked, so it is sent again, and known by its id.
    await shows(card(tab, 'splunk').locator('.counts'), 'SignUps\n2\nLogins\n0\nRepeated\n1');
    await shows(card(tab, 'splunk').locator('.latency'), 'p95');
  });

  it('edits secrets, which are never shown again', async () => {
    const tab = await open();
    await card(tab, 'splunk').getByRole('button', { name: 'Secrets of splunk' }).click();
    const dialog = tab.getByRole('dialog');
    const token = dialog.getByLabel('SPLUNK_HEC_TOKEN', { exact: true });
    expect(await token.inputValue()).toBe('');
    expect(await token.getAttribute('type')).toBe('password');
    await token.fill('hunter2-hunter2');
    await dialog.getByLabel('ON_FAILURE').selectOption('deny');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await logIn(tab);
    await shows(cell(tab, 'splunk'), '403');
    await shows(row(tab), 'refused');

    await tab.getByRole('button', { name: 'Secrets of splunk' }).first().click();
    expect(await token.inputValue()).toBe('');
    expect(await dialog.getByLabel('ON_FAILURE').inputValue()).toBe('deny');
    await dialog.getByRole('button', { name: 'Remove SPLUNK_HEC_URL' }).click();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await shows(tab.getByRole('region', { name: 'Post-login flow' }), 'not configured');
    expect(await tab.content()).not.toContain('hunter2');

    await tab.getByRole('button', { name: 'Secrets of splunk' }).first().click();
    await dialog.getByRole('button', { name: 'Use the embedded destination' }).click();
    await expect.poll(() => dialog.count()).toBe(0);
    await logIn(tab);
    await shows(cell(tab, 'splunk'), 'SignUp');
  });

  it('changes a setting of every Action', async () => {
    const tab = await open();
    await card(tab, 'keen').getByRole('button', { name: 'Secrets of keen' }).click();
    await tab.getByLabel('DELIVERY_TIMEOUT_MS').fill('250');
    await tab.getByLabel('OMIT_FIELDS').fill('email');
    await tab.getByLabel('Change these settings of every Action').check();
    await tab.getByRole('button', { name: 'Save' }).click();
    await card(tab, 'segment').getByLabel('segment is', { exact: true }).selectOption('Hangs');
    await logIn(tab);
    await shows(cell(tab, 'segment'), 'no answer');
    await row(tab).getByRole('button').click();
    const details = tab.getByRole('complementary');
    await shows(details, 'no answer within 250 ms');
    await details.getByText('splunk', { exact: true }).click();
    await details.getByText('splunk', { exact: true }).click();
    await shows(details.locator('.run-details').first(), '"userName": "Ada"');
    expect(await details.locator('.run-details').first().locator('pre').nth(2).innerText()).not.toContain(
      'ada@example.com',
    );
  });

  it('changes the flow: the order, and what is bound', async () => {
    const tab = await open();
    const flow = tab.getByRole('region', { name: 'Post-login flow' });
    await flow.getByRole('button', { name: 'Move segment up', exact: true }).click();
    await flow.getByRole('button', { name: 'Unbind splunk' }).click();
    await flow.getByRole('button', { name: 'Bind splunk' }).waitFor();
    await expect.poll(() => tab.evaluate('document.activeElement?.textContent')).toBe('Post-login flow');
    await logIn(tab);
    await rows(tab, 1);
    const names = await row(tab)
      .locator('td[data-name]')
      .evaluateAll((cells) => cells.map((cell) => cell.getAttribute('data-name')));
    const others = vendors.map(({ name }) => name).slice(3);
    expect(names).toEqual(['segment', 'keen', ...others]);
    await flow.getByRole('button', { name: 'Bind splunk' }).click();
    await logIn(tab);
    await rows(tab, 2);
    await shows(cell(tab, 'splunk'), 'SignUp');
  });

  it('logs a hundred in, with progress', async () => {
    const tab = await open();
    await tab.getByRole('button', { name: '100 logins' }).click();
    await shows(tab.locator('.run span'), 'of 100');
    await expect
      .poll(() => tab.getByRole('heading', { name: /^Logins/ }).innerText(), { timeout: 20_000 })
      .toBe('Logins 100');
    await tab.getByRole('button', { name: '100 logins' }).waitFor();
  });

  it('survives a reload, agrees in two windows, and starts afresh in both', async () => {
    const [one, other] = [await open(), await open()];
    await card(one, 'keen').getByLabel('keen is').selectOption('Hangs');
    await card(one, 'keen').getByLabel('keen is').selectOption('Refuses the credential');
    await logIn(one);
    await one.getByRole('button', { name: 'Login 1 of Ada' }).click();
    await shows(cell(other, 'keen'), '401');
    expect(await card(other, 'keen').getByLabel('keen is').inputValue()).toBe('refuses');
    await one.reload();
    await shows(cell(one, 'keen'), '401');
    await shows(one.getByRole('complementary'), '[splunk] SignUp delivered');
    await one.getByRole('button', { name: 'Close' }).click();
    await other.getByRole('button', { name: 'Start afresh' }).click();
    for (const tab of [one, other]) {
      await tab.getByText('Nobody has logged in yet').waitFor();
      await expect.poll(() => card(tab, 'keen').getByLabel('keen is').inputValue()).toBe('up');
    }
  });

  it('can be used by the keyboard alone', async () => {
    const tab = await open();
    const press = async (...keys: string[]) => {
      for (const key of keys) await tab.keyboard.press(key);
    };
    const focused = () => tab.evaluate<string>('document.activeElement?.textContent ?? ""');
    const tabTo = async (text: string) => {
      for (let presses = 0; presses < 200; presses += 1) {
        if ((await focused()).startsWith(text)) return;
        await press('Tab');
      }
      throw new Error(`The keyboard does not reach ${text}`);
    };
    await tabTo('Sign up');
    await press('Enter');
    await rows(tab, 1);
    await tabTo('Login 1 of Ada');
    await press('Enter');
    await shows(tab.getByRole('complementary'), 'SignUp delivered');
    expect(await focused()).toBe('Login 1 of Ada');
    await press('Escape');
    await expect.poll(focused).toContain('Ada');
    await card(tab, 'keen').getByLabel('keen is').focus();
    await press('ArrowDown');
    await expect.poll(() => playground.state().destinations[1]?.mode).toBe('refuses');
  });

  it('fits into every width', async () => {
    const tab = await open();
    await logIn(tab);
    await rows(tab, 1);
    for (const width of [360, 768, 1920]) {
      await tab.setViewportSize({ width, height: 800 });
      const sideways = () => tab.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      expect(await sideways(), `${width} px`).toBeLessThanOrEqual(0);
      await tab.getByRole('button', { name: 'Login 1 of Ada' }).click();
      await shows(tab.getByRole('complementary'), 'SignUp delivered');
      expect(await sideways(), `${width} px with details`).toBeLessThanOrEqual(0);
      await tab.getByRole('button', { name: 'Close' }).click();
      await tab.getByRole('button', { name: 'Secrets of keen' }).first().click();
      await tab.getByRole('button', { name: 'Save' }).waitFor();
      expect(await sideways(), `${width} px with secrets`).toBeLessThanOrEqual(0);
      await tab.keyboard.press('Escape');
    }
  });

  it('is accessible in light and in dark', async () => {
    const tab = await open();
    await card(tab, 'splunk').getByLabel('splunk is').selectOption('Fails, 500');
    await logIn(tab);
    for (const colorScheme of ['light', 'dark'] as const) {
      await tab.emulateMedia({ colorScheme });
      const ground = await tab.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
      const [red = 0] = (ground.match(/\d+/g) ?? []).map(Number);
      expect(red < 128).toBe(colorScheme === 'dark');

      await row(tab).getByRole('button').click();
      await shows(tab.getByRole('complementary'), '500');
      expect(await violations(tab)).toEqual([]);
      await tab.getByRole('button', { name: 'Close' }).click();
      await tab.getByRole('button', { name: 'Secrets of splunk' }).first().click();
      await tab.getByRole('dialog').waitFor();
      expect(await violations(tab)).toEqual([]);
      await tab.keyboard.press('Escape');
    }
  });

  it('says so when the local tenant is gone', async () => {
    const other = await startPage(playground);
    const tab = await browser.newPage();
    await tab.goto(other.url);
    await tab.getByText('Live').waitFor();
    await other.close();
    await shows(tab.getByRole('alert'), 'The local tenant has stopped');
    await tab.close();
  });
});

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong: rule and elements. https://github.com/dequelabs/axe-core */
const violations = async (tab: Tab): Promise<string[]> => {
  await tab.evaluate(AXE);
  const options: RunOptions = { resultTypes: ['violations'] };
  const results: AxeResults = await tab.evaluate(
    (runOptions) => Reflect.get(globalThis, 'axe').run(runOptions),
    options,
  );
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target }) => `${id}: ${target.join(' ')}`),
  );
};
