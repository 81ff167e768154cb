import { EXAMPLE_USER, EXAMPLE_USER_ID } from './people-examples.ts';

/** What examples of the contract show of coins. */

export const EXAMPLE_STREAM_ID = '0190a1b2-0000-7000-8000-000000000011';

export const EXAMPLE_GIFT = { id: '0190a1b2-0000-7000-8000-000000000021', name: 'Heart', coins: '50', image: 'https://cdn.example.com/heart.png' };

export const EXAMPLE_PACKAGE = {
  id: '0190a1b2-0000-7000-8000-000000000031',
  name: '550 coins',
  coins: '550',
  price: '4.99',
  price_minor: '499',
  currency: 'USD',
  apple_product_id: 'coins_550',
  google_product_id: 'coins_550',
};

export const EXAMPLE_SENT = {
  id: '0190a1b2-0000-7000-8000-000000000041',
  request_id: 'gift-7f3a9c21',
  receiver_id: EXAMPLE_USER_ID,
  count: '2',
  coins: '100',
  stream_id: EXAMPLE_STREAM_ID,
  video_id: '',
  created: '2026-03-14 20:15:00',
};

export const EXAMPLE_ENTRY = {
  Transaction: { id: '812', movement_id: EXAMPLE_SENT.id, kind: 'gift', amount: '-100', balance: '9900', created: EXAMPLE_SENT.created },
  Gift: { id: EXAMPLE_GIFT.id, name: 'Heart', count: '2', stream_id: EXAMPLE_STREAM_ID, video_id: '' },
  User: EXAMPLE_USER,
};
