import { z } from 'zod';
import { USERNAME } from '../../domain/social/username.ts';
import { cleanText } from '../../domain/streaming/chat-text.ts';
import { id, text } from './fields.ts';

/** Fields of people, the same wherever they are changed. Texts are cleaned of what is not seen, as in chats. */

const clean = (max: number) => text(max).transform(cleanText);

export const personName = clean(50);
export const bio = clean(500);
export const gender = clean(20);

export const username = text(30)
  .transform((name) => name.replace(/^@/, '').toLowerCase())
  .pipe(z.string().regex(USERNAME, 'must be 2 to 30 letters a to z, digits, dots or underscores'));

const https = z.url({ protocol: /^https$/, hostname: z.regexes.domain, error: 'must be an https address' });
const httpOrHttps = z.url({ protocol: /^https?$/, hostname: z.regexes.domain, error: 'must be an http or https address' });

/** Empty: none. Only https: pictures are shown in everybody's app. */
export const pictureUrl = text(1_000).pipe(z.union([z.literal(''), https], 'must be an https address'));
export const website = text(300).pipe(z.union([z.literal(''), httpOrHttps], 'must be an http or https address'));

/** Absent or empty: nobody in particular. */
export const maybeId = z.union([z.literal(''), id], 'must be an id').optional().transform((value) => value || null);
