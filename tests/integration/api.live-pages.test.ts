import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newId } from '../../db/ids.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

const PAGES = fileURLToPath(new URL('../../api/pages/', import.meta.url));
const DOCUMENTS = [
  [`/watch/${newId()}`, 'watch'],
  [`/watch/vod/${newId()}`, 'watch-vod'],
  [`/studio/${newId()}`, 'studio'],
] as const;

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

const get = (path: string, headers: Record<string, string> = {}): Response | Promise<Response> => api.app.request(path, { headers });
const policyOf = (response: Response): string => response.headers.get('content-security-policy') ?? '';

describe.each(DOCUMENTS)('%s', (path, folder) => {
  test('is a document whose scripts and styles are all served by us', async () => {
    const response = await get(path);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const html = await response.text();
    const named = [...html.matchAll(/<(?:script|link)[^>]*(?:src|href)="([^"]*)"/g)].map(([, address]) => address!);
    expect(named).toContain(`/pages/${folder}/main.js`);
    for (const address of named) expect([address, (await get(address)).status]).toEqual([address, 200]);
  });

  test('has no script or style within, and a policy that lets none in', async () => {
    const response = await get(path);
    const html = await response.text();
    expect(html).not.toMatch(/ on[a-z]+=|style=|<style|javascript:|https?:/);
    expect([...html.matchAll(/<script[^>]*>([^<]*)/g)].map(([, text]) => text)).toEqual(['']);
    expect(policyOf(response)).toMatch(/^default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self';/);
    expect(policyOf(response)).not.toMatch(/unsafe|\*/);
  });

  test('is not sent again while it has not changed', async () => {
    const first = await get(path);
    const again = await get(path, { 'if-none-match': first.headers.get('etag')! });
    expect([again.status, await again.text(), policyOf(again)]).toEqual([304, '', policyOf(first)]);
  });
});

test('every module that a page’s module takes is served', async () => {
  const modules = ['shared', 'live', 'watch', 'watch-vod', 'studio', 'social-tiktok'].flatMap((folder) =>
    readdirSync(PAGES + folder)
      .filter((name) => name.endsWith('.js'))
      .map((name) => ({ text: readFileSync(`${PAGES}${folder}/${name}`, 'utf8'), address: folder === 'social-tiktok' ? `/crm/social/tiktok/${name}` : `/pages/${folder}/${name}` })),
  );
  const taken = modules.flatMap(({ text, address }) => [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, name]) => new URL(name!, `http://page${address}`).pathname));
  expect(taken).toContain('/pages/vendor/hls.mjs');
  expect(taken.length).toBeGreaterThan(40);
  for (const address of new Set(taken)) {
    const response = await get(address);
    expect([address, response.status, response.headers.get('content-type')]).toEqual([address, 200, 'text/javascript; charset=utf-8']);
  }
});

test('what is installed is kept an hour, our own files are asked for anew', async () => {
  expect((await get('/pages/vendor/hls.worker.js')).headers.get('cache-control')).toBe('public, max-age=3600');
  expect((await get('/pages/live/whep.js')).headers.get('cache-control')).toBe('no-cache');
});

test('only the studio may ask for camera, microphone and screen', async () => {
  expect((await get(DOCUMENTS[0][0])).headers.get('permissions-policy')).toBe('camera=(), microphone=(), display-capture=()');
  expect((await get(DOCUMENTS[2][0])).headers.get('permissions-policy')).toBe('camera=(self), microphone=(self), display-capture=(self)');
});

test('the policy names the media hosts that are there', async () => {
  await api.deps.db.insertInto('media_hosts').values({ id: 'here', public_url: 'https://media-7.example.test/base', task_queue: 'q', features: ['whip'] }).execute();
  await api.deps.db.insertInto('media_hosts').values({ id: 'gone', public_url: 'https://media-8.example.test', task_queue: 'q', features: ['whip'], seen_at: new Date(Date.now() - 3_600_000) }).execute();
  const policy = policyOf(await get(DOCUMENTS[0][0]));
  expect(policy).toMatch(/connect-src 'self' ws:\/\/\S+ [^;]*https:\/\/media-7\.example\.test;/);
  expect(policy).not.toContain('media-8');
});
