import { randomUUID } from 'node:crypto';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { call } from './api-client.ts';
import { faultsOf } from './browser.ts';
import type { Product } from './product.ts';

const PASSWORD = 'correct horse battery';
export const PAGE = '/crm/social/tiktok';

/** Somebody new in front of /crm/social/tiktok, with a TikTok account of the sandbox to themselves. */
export class SocialPage {
  readonly page: Page;
  readonly email: string;
  /** TikTok's handle of the account. */
  readonly username: string;
  readonly faults: string[];
  readonly #product: Product;

  private constructor(product: Product, page: Page, email: string, username: string) {
    this.#product = product;
    this.page = page;
    this.email = email;
    this.username = username;
    this.faults = faultsOf(page);
  }

  /** @param account what the control API of the sandbox sets of the TikTok account */
  static async open(product: Product, browser: Browser, account: object = {}, options: BrowserContextOptions = {}): Promise<SocialPage> {
    const email = `${randomUUID()}@example.test`;
    await call(product.apiUrl, null, 'POST', '/api/auth/register', { email, password: PASSWORD, full_name: 'Test Person' });
    const username = `p${randomUUID().slice(0, 8)}`;
    await call(product.sandboxUrl, null, 'POST', '/control/open-api/accounts', { username, ...account });
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1_100, height: 900 }, ...options });
    const opened = new SocialPage(product, await context.newPage(), email, username);
    await opened.page.goto(product.apiUrl + PAGE);
    return opened;
  }

  close = (): Promise<void> => this.page.context().close();

  async signIn(): Promise<void> {
    await this.page.getByLabel('E-mail').fill(this.email);
    await this.page.getByLabel('Password').fill(PASSWORD);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    await this.page.getByRole('heading', { name: 'Accounts' }).waitFor();
  }

  /** Signs in by the keyboard alone. */
  async typeSignIn(): Promise<void> {
    await this.page.locator('#email:focus').waitFor();
    await this.page.keyboard.type(this.email);
    await this.page.keyboard.press('Tab');
    await this.page.keyboard.type(PASSWORD);
    await this.page.keyboard.press('Enter');
    await this.page.getByRole('heading', { name: 'Accounts' }).waitFor();
  }

  /** Up to TikTok's consent page, where the account is chosen. */
  async goToConsent(): Promise<void> {
    await this.page.getByRole('button', { name: 'Connect a TikTok account' }).click();
    await this.chooseAtTikTok();
  }

  async chooseAtTikTok(): Promise<void> {
    await this.page.waitForURL((url) => url.origin === this.#product.sandboxUrl);
    await this.page.locator(`input[name=username][value="${this.username}"]`).check();
  }

  async decide(decision: 'Approve' | 'Deny'): Promise<void> {
    await this.page.getByRole('button', { name: decision }).click();
    await this.page.waitForURL(this.#product.apiUrl + PAGE);
  }

  async connect(): Promise<void> {
    await this.goToConsent();
    await this.decide('Approve');
    await this.connection('connected').waitFor();
  }

  /** The line that tells Idle, Redirect, Connected or Error. */
  connection = (state: string): Locator => this.page.locator(`#connection[data-state="${state}"]`);

  /** The card of the account. */
  get account(): Locator {
    return this.page.locator('#accounts > li').filter({ hasText: `@${this.username}` });
  }

  /** The post of this caption in the list. */
  post = (caption: string): Locator => this.page.locator('#posts > li').filter({ hasText: caption });

  /** Waits until the post says so. */
  async postIs(caption: string, state: string): Promise<Locator> {
    const post = this.post(caption);
    await post.locator('[data-role=state]').filter({ hasText: state }).waitFor({ timeout: 60_000 });
    return post;
  }

  /** All of the form but its button. */
  async fillIn(file: string, caption: string): Promise<void> {
    const form = this.page.locator('#publish');
    await form.getByRole('checkbox', { name: `@${this.username}` }).check();
    await form.getByText('Posting as').waitFor();
    await form.getByLabel('Video', { exact: true }).setInputFiles(file);
    await form.getByLabel('Caption').fill(caption);
    await form.getByLabel('Who can see it').selectOption({ label: 'Everyone' });
  }

  /** Whether everything fits into the window's width. */
  fits = (): Promise<boolean> => this.page.evaluate('document.documentElement.scrollWidth <= window.innerWidth');
}
