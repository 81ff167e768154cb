import { expect, test } from '@jest/globals';
import { shopConnectUrl } from '../../domain/shop/connect-url.ts';

test('A seller gives consent on the page of its market, which gets the state and no address to return to', () => {
  expect(shopConnectUrl({ service_id: '7172819281', state: 'a b&c', market: 'row' })).toBe('https://services.tiktokshop.com/open/authorize?service_id=7172819281&state=a+b%26c');
  expect(shopConnectUrl({ service_id: '1', state: 's', market: 'us' })).toBe('https://services.us.tiktokshop.com/open/authorize?service_id=1&state=s');
  expect(shopConnectUrl({ service_id: '1', state: 's', market: 'us', authorizeUrl: 'http://127.0.0.1:8098/open/authorize' })).toBe('http://127.0.0.1:8098/open/authorize?service_id=1&state=s');
});
