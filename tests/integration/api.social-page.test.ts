import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

const PAGE = '/crm/social/tiktok';
const FILES = readdirSync(fileURLToPath(new URL('../../api/pages/social-tiktok', import.meta.url)));

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

const get = (path: string, headers: Record<string, string> = {}): Response | Promise<Response> => api.app.request(path, { headers });
const policyOf = (response: Response): string => response.headers.get('content-security-policy') ?? '';

test('every file that the page names is served, and every file of its folder', async () => {
  const html = await (await get(PAGE)).text();
  const named = [...html.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, path]) => path!);
  expect(named).toContain(`${PAGE}/main.js`);
  for (const path of [...named, ...FILES.filter((name) => name !== 'index.html').map((name) => `${PAGE}/${name}`)]) expect([path, (await get(path)).status]).toEqual([path, 200]);
});

test('the page runs nothing but its own scripts, and has none within', async () => {
  const response = await get(PAGE);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(policyOf(response)).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
  expect(policyOf(response)).not.toMatch(/unsafe/);
  const html = await response.text();
  expect(html).not.toMatch(/ on[a-z]+=|style=|<style|javascript:/);
  expect([...html.matchAll(/<script[^>]*>([^<]*)/g)].map(([, text]) => text)).toEqual(['']);
});

test('what has not changed is not sent again, and keeps its policy', async () => {
  for (const path of [PAGE, `${PAGE}/main.js`]) {
    const first = await get(path);
    expect(first.headers.get('cache-control')).toBe('no-cache');
    const again = await get(path, { 'if-none-match': first.headers.get('etag')! });
    expect([again.status, await again.text()]).toEqual([304, '']);
    // A browser takes over the headers of a 304.
    expect(policyOf(again)).toBe(policyOf(first));
  }
});

test('nothing else below the page is served', async () => {
  for (const path of [`${PAGE}/index.html`, `${PAGE}/nothing.js`, `${PAGE}/..%2f..%2froute.ts`, `${PAGE}/%2e%2e/%2e%2e/context.ts`]) expect([path, (await get(path)).status]).toEqual([path, 404]);
});

test('a slash at the end leads to the page, query and all', async () => {
  const response = await get(`${PAGE}/?tiktok=connected`);
  expect([response.status, response.headers.get('location')]).toEqual([301, `${PAGE}?tiktok=connected`]);
});

test('whoever opens another name of this machine is led to the one that TikTok returns to, for the cookie’s sake', async () => {
  const asked = async (host: string): Promise<[number, string | null]> => {
    const { status, headers } = await get(`${PAGE}?tiktok=connected`, { host });
    return [status, headers.get('location')];
  };
  expect(await asked('localhost:8080')).toEqual([302, `http://127.0.0.1:8080${PAGE}?tiktok=connected`]);
  expect(await asked('127.0.0.1:8080')).toEqual([200, null]);
  expect(await asked('localhost:9999')).toEqual([200, null]);
  expect(await asked('show.example.com')).toEqual([200, null]);
});
