import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import type { Browser } from 'playwright-core';
import { writeClip } from '../../scripts/demo/clip.ts';
import { controlOf } from '../helpers/api-client.ts';
import { openBrowser } from '../helpers/browser.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { Product } from '../helpers/product.ts';
import { PAGE, SocialPage } from '../helpers/social-page.ts';
import { testTemporalAddress } from '../helpers/temporal.ts';

jest.setTimeout(120_000);

let database: TestDatabase;
let product: Product;
let browser: Browser;
let folder: string;
let clip: string;
let opened: SocialPage;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'showrunner-page-'));
  browser = await openBrowser();
  clip = (await writeClip(join(folder, 'clip.mp4'), { seconds: 1 })).path;
  database = await createTestDatabase();
  product = await Product.start({ databaseUrl: database.url, temporalAddress: testTemporalAddress(), parts: ['sandbox', 'api', 'publish'] });
}, 120_000);
afterEach(async () => {
  const { faults } = opened;
  await opened.close();
  expect(faults).toEqual([]);
});
afterAll(async () => {
  await browser?.close();
  await product?.stop();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

const open = async (account: object = {}, options = {}): Promise<SocialPage> => (opened = await SocialPage.open(product, browser, account, options));
const openConnected = async (account: object = {}, options = {}): Promise<SocialPage> => {
  const page = await open(account, options);
  await page.signIn();
  await page.connect();
  return page;
};
const orderNextPost = (username: string, order: object): Promise<unknown> =>
  controlOf(product.sandboxUrl).post(`/open-api/accounts/${username}/next-post`, order);

describe('connecting', () => {
  test('leads to TikTok’s consent page and back, and shows each step of the way', async () => {
    const social = await open();
    await social.signIn();
    await social.connection('idle').waitFor();
    // The answer comes once the page has said that it is on the way.
    await social.page.route('**/api/auth/tiktok/start?*', async (route) => {
      await social.connection('redirect').waitFor();
      await route.continue();
    });
    await social.goToConsent();
    await social.decide('Approve');
    await social.connection('connected').waitFor();
    expect(await social.connection('connected').textContent()).toBe(`✓ Connected: @${social.username} can be used now.`);
    expect(await social.account.locator('[data-role=state]').textContent()).toBe('✓ Connected');
    expect(social.page.url()).toBe(product.apiUrl + PAGE);
  });

  test('that is denied says so, and leaves no trace in the address', async () => {
    const social = await open();
    await social.signIn();
    await social.goToConsent();
    await social.decide('Deny');
    await social.connection('error').waitFor();
    expect(await social.connection('error').textContent()).toMatch(/^✕ Error: .*consent/);
    expect(social.page.url()).toBe(product.apiUrl + PAGE);
    expect(await social.account.count()).toBe(0);
  });

  test('can be done with the keyboard alone', async () => {
    const social = await open();
    const { page } = social;
    await social.typeSignIn();
    for (let presses = 0; presses < 10 && (await page.locator('#connect:focus').count()) === 0; presses += 1) await page.keyboard.press('Tab');
    await page.locator('#connect:focus').waitFor();
    await page.keyboard.press('Enter');
    await social.chooseAtTikTok();
    await social.decide('Approve');
    await social.connection('connected').waitFor();
  });

  test('without all scopes names what is not possible, and offers to connect again', async () => {
    const { page, account, username } = await openConnected({ grants_scopes: ['user.info.basic', 'user.info.profile', 'video.upload'] });
    await account.getByText('direct posts (video.publish)').waitFor();
    await account.getByRole('button', { name: 'Reconnect' }).waitFor();
    const choice = page.locator('#publish').getByRole('checkbox', { name: `@${username}` });
    expect(await choice.isDisabled()).toBe(true);
    await page.getByLabel('Send a draft').check();
    expect(await choice.isDisabled()).toBe(false);
  });
});

describe('publishing', () => {
  test('shows the upload, TikTok’s answers, the permalink and the first numbers', async () => {
    const social = await openConnected({ is_verified: true, display_name: 'Glow & Co' });
    const { page } = social;
    await social.fillIn(clip, 'First light #sunrise');
    const network = await page.context().newCDPSession(page);
    await network.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 6_000_000 });
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await page.locator('#upload-text').filter({ hasText: /Uploading: [1-9]\d? % \(/ }).waitFor();
    await network.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    const post = await social.postIs('First light #sunrise', 'Published');
    const link = post.locator('[data-role=permalink]');
    await link.waitFor();
    expect(await link.getAttribute('href')).toMatch(new RegExp(`/@${social.username}/video/\\d{19}$`));
    await post.getByText('What happened').click();
    await post.getByText('Upload complete').waitFor();
    await eventually(async () => {
      await post.getByText('Numbers').click();
      await post.locator('dt').filter({ hasText: 'Views' }).waitFor({ timeout: 1_000 });
      return true;
    });
    expect(await page.locator('#caption').inputValue()).toBe('');
  });

  test('offers what TikTok offers, and chooses nothing beforehand', async () => {
    const { page, username } = await openConnected({ is_private: true, comment_disabled: true, duet_disabled: true, stitch_disabled: true });
    const form = page.locator('#publish');
    await form.getByRole('checkbox', { name: `@${username}` }).check();
    await form.getByText(`Posting as ${username}`).waitFor();
    const privacy = form.getByLabel('Who can see it');
    expect(await privacy.inputValue()).toBe('');
    expect((await privacy.locator('option').allTextContents()).slice(1)).toEqual(['Followers', 'Friends (followers you follow back)', 'Only you']);
    for (const name of ['comment', 'duet with it', 'stitch it']) {
      expect(await form.getByLabel(name, { exact: true }).isDisabled()).toBe(true);
      expect(await form.getByLabel(name, { exact: true }).isChecked()).toBe(false);
    }
    await privacy.selectOption({ label: 'Only you' });
    await form.getByLabel('This post promotes').check();
    await form.getByLabel('Branded content').check();
    expect(await privacy.inputValue()).toBe('');
    await form.getByText('Paid partnership').waitFor();
    expect(await page.locator('#declaration').textContent()).toContain('Branded Content Policy and Music Usage Confirmation');
    await form.getByRole('button', { name: 'Publish', exact: true }).click();
    expect(await page.locator('#publish-fault').textContent()).toMatch(/Video: Choose a video.*Who can see it: choose one/s);
    expect(await page.locator('#file:focus').count()).toBe(1);
  });

  test('that TikTok refuses shows TikTok’s reason, and can be tried again', async () => {
    const social = await openConnected();
    await orderNextPost(social.username, { fail_reason: 'frame_rate_check_failed' });
    await social.fillIn(clip, 'Too slow for TikTok');
    await social.page.getByRole('button', { name: 'Publish', exact: true }).click();
    const post = await social.postIs('Too slow for TikTok', 'Failed');
    expect(await post.locator('[data-role=reason]').textContent()).toMatch(/frame_rate_check_failed/);
    await post.getByRole('button', { name: 'Try again' }).click();
    await social.postIs('Too slow for TikTok', 'Published');
  });

  test('at a time can be edited and cancelled before it begins', async () => {
    const social = await openConnected();
    const { page } = social;
    await social.fillIn(clip, 'Later today');
    await page.getByLabel('At a time').check();
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    await page.locator('#publish-at').fill(`${tomorrow}T18:30`);
    await page.locator('#time-zone').selectOption('Asia/Tokyo');
    await page.getByRole('button', { name: 'Schedule' }).click();
    const post = await social.postIs('Later today', 'Scheduled');
    expect(await post.textContent()).toContain('18:30 (Asia/Tokyo)');
    await post.getByRole('button', { name: 'Edit' }).click();
    await page.locator('#edit-caption').fill('Later, and better');
    await page.getByRole('button', { name: 'Save' }).click();
    const edited = await social.postIs('Later, and better', 'Scheduled');
    await edited.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Cancel the post', exact: true }).click();
    await social.postIs('Later, and better', 'Cancelled');
  });
});

test('disconnecting asks first, and removes the tokens', async () => {
  const { page, account, username } = await openConnected();
  const tokens = async (): Promise<{ state: string; has_tokens: boolean }> => {
    const client = new pg.Client(database.url);
    await client.connect();
    const { rows } = await client.query<{ state: string; has_tokens: boolean }>(
      'select state, access_token is not null or refresh_token is not null as has_tokens from social_accounts where username = $1',
      [username],
    );
    await client.end();
    return rows[0]!;
  };
  await account.getByRole('button', { name: 'Disconnect' }).click();
  await page.getByRole('button', { name: 'Keep it' }).click();
  expect(await tokens()).toEqual({ state: 'connected', has_tokens: true });
  await account.getByRole('button', { name: 'Disconnect' }).click();
  await page.locator('#confirm-yes').click();
  await account.locator('[data-role=state]').filter({ hasText: 'Disconnected' }).waitFor();
  expect(await tokens()).toEqual({ state: 'disconnected', has_tokens: false });
  await page.getByText('Connect an account first.').waitFor();
});

test('what others wrote stays text', async () => {
  const trap = '<img src=x onerror="document.title=1">';
  const social = await openConnected({ display_name: trap });
  const { page } = social;
  await social.fillIn(clip, `${trap} #caption`);
  await page.getByRole('button', { name: 'Publish', exact: true }).click();
  await social.postIs('#caption', 'Published');
  expect(await social.account.textContent()).toContain(trap);
  expect(await page.locator('main img').count()).toBe(0);
  expect(await page.title()).toMatch(/^TikTok accounts and posts/);
});

test('fits a phone of 360 pixels without scrolling sideways', async () => {
  const social = await openConnected({}, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  await social.fillIn(clip, 'A-caption-without-any-blank-that-goes-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on');
  await social.page.getByLabel('This post promotes').check();
  await social.page.getByLabel('Your brand').check();
  await social.page.getByRole('button', { name: 'Publish', exact: true }).click();
  await social.postIs('A-caption-without', 'Published');
  expect(await social.fits()).toBe(true);
  await social.page.screenshot({ path: join(folder, 'phone.png'), fullPage: true });
});
