import { jsonbText } from '../../../db/jsonb-text.ts';

/** What TikTok gave, without the characters that PostgreSQL refuses; done first, so that what is stored equals what is compared and told. */
export function storable<T>(value: T): T {
  const text = jsonbText(value);
  return text === JSON.stringify(value) ? value : (JSON.parse(text) as T);
}
