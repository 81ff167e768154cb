import { describe, expect, test } from '@jest/globals';
import type { CreatorInfo } from '../../domain/contracts/open-api.ts';
import type { PostContent, PostKind, PostMode } from '../../domain/contracts/post.ts';
import { planChunks } from '../../domain/publishing/chunk-plan.ts';
import { toInitRequest } from '../../domain/publishing/init-request.ts';
import { checkAgainstCreator, checkContent } from '../../domain/publishing/post-content.ts';
import { CONTENT } from '../helpers/post-content.ts';

const CREATOR: CreatorInfo = {
  nickname: 'Anna',
  username: 'anna',
  avatar_url: '',
  privacy_level_options: ['PUBLIC_TO_EVERYONE', 'MUTUAL_FOLLOW_FRIENDS', 'SELF_ONLY'],
  comment_disabled: false,
  duet_disabled: false,
  stitch_disabled: false,
  max_video_post_duration_s: 300,
};
const content = (change: Partial<PostContent>): PostContent => ({ ...CONTENT, ...change });
const fields = (change: Partial<PostContent>, kind: PostKind, mode: PostMode, photos?: number): string[] =>
  checkContent(content(change), kind, mode, photos).map(({ field }) => field);

describe('The content of a post', () => {
  test.each<[string, PostKind, PostMode, Partial<PostContent>]>([
    ['a caption of 2,200', 'video', 'direct', { caption: 'a'.repeat(2_200) }],
    ['a caption of 1,100 emoji, two units each', 'video', 'direct', { caption: '😀'.repeat(1_100) }],
    ['no caption', 'video', 'direct', { caption: '' }],
    ['a draft', 'video', 'inbox', { privacy_level: null }],
    ['a private one of the own business', 'video', 'direct', { brand_organic: true, privacy_level: 'SELF_ONLY' }],
    ['a public paid partnership', 'video', 'direct', { brand_content: true, brand_organic: true }],
    ['a cover at 0', 'video', 'direct', { cover_timestamp_ms: 0 }],
    ['photos with a title of 90 and a description of 4,000', 'photo', 'direct', { caption: 'a'.repeat(90), description: 'b'.repeat(4_000), auto_add_music: true }],
    ['photos whose duet is off', 'photo', 'direct', { disable_duet: true, disable_stitch: true }],
    ['the last photo as cover', 'photo', 'inbox', { privacy_level: null, photo_cover_index: 34, is_aigc: true }],
  ])('may be %s', (_name, kind, mode, change) => {
    expect(checkContent(content(change), kind, mode)).toEqual([]);
  });

  test.each<[string, PostKind, PostMode, Partial<PostContent>, string[]]>([
    ['a caption of 2,201', 'video', 'direct', { caption: 'a'.repeat(2_201) }, ['caption']],
    ['a caption of 1,101 emoji', 'video', 'direct', { caption: '😀'.repeat(1_101) }, ['caption']],
    ['half an emoji', 'video', 'direct', { caption: 'x\ud83d' }, ['caption']],
    ['a NUL', 'photo', 'direct', { description: 'a\0b' }, ['description']],
    ['a video with a description', 'video', 'direct', { description: 'x' }, ['description']],
    ['a title of 91', 'photo', 'direct', { caption: 'a'.repeat(91) }, ['caption']],
    ['a description of 4,001', 'photo', 'direct', { description: 'a'.repeat(4_001) }, ['description']],
    ['no privacy level', 'video', 'direct', { privacy_level: null }, ['privacy_level']],
    ['a draft with a privacy level', 'video', 'inbox', {}, ['privacy_level']],
    ['private branded content', 'video', 'direct', { brand_content: true, privacy_level: 'SELF_ONLY' }, ['privacy_level']],
    ['a draft whose labels would be lost', 'video', 'inbox', { privacy_level: null, brand_content: true, brand_organic: true, is_aigc: true }, ['brand_content', 'brand_organic', 'is_aigc']],
    ['a draft of photos whose labels would be lost', 'photo', 'inbox', { privacy_level: null, brand_content: true, is_aigc: true }, ['brand_content']],
    ['a cover before the start', 'video', 'direct', { cover_timestamp_ms: -1 }, ['cover_timestamp_ms']],
    ['a cover at half a millisecond', 'video', 'direct', { cover_timestamp_ms: 0.5 }, ['cover_timestamp_ms']],
    ['a cover beyond int32', 'video', 'direct', { cover_timestamp_ms: 2 ** 31 }, ['cover_timestamp_ms']],
    ['a video with the cover and music of photos', 'video', 'direct', { photo_cover_index: 1, auto_add_music: true }, ['photo_cover_index', 'auto_add_music']],
    ['photos with a cover by time', 'photo', 'direct', { cover_timestamp_ms: 5 }, ['cover_timestamp_ms']],
    ['a 36th photo as cover', 'photo', 'direct', { photo_cover_index: 35 }, ['photo_cover_index']],
    ['several faults', 'video', 'direct', { caption: 'a'.repeat(3_000), privacy_level: null, cover_timestamp_ms: -5 }, ['caption', 'privacy_level', 'cover_timestamp_ms']],
  ])('may not be %s', (_name, kind, mode, change, expected) => {
    expect(fields(change, kind, mode)).toEqual(expected);
  });

  test('has its cover among as many photos as there are', () => {
    expect(fields({ photo_cover_index: 2 }, 'photo', 'direct', 3)).toEqual([]);
    expect(fields({ photo_cover_index: 3 }, 'photo', 'direct', 3)).toEqual(['photo_cover_index']);
  });
});

describe('What TikTok allows a creator', () => {
  test('lets pass what it offers', () => {
    expect(checkAgainstCreator(content({ cover_timestamp_ms: 300_000 }), CREATOR, 300_000)).toBeNull();
    expect(checkAgainstCreator(content({ privacy_level: null }), CREATOR, null)).toBeNull();
  });

  test('is told where a privacy level is not offered', () => {
    const fault = checkAgainstCreator(content({ privacy_level: 'FOLLOWER_OF_CREATOR' }), CREATOR, 1_000);
    expect(fault).toMatchObject({ code: 'tiktok_privacy_mismatch' });
    expect(fault!.reason).toContain('Offered now: PUBLIC_TO_EVERYONE, MUTUAL_FOLLOW_FRIENDS, SELF_ONLY.');
  });

  test('ends at its longest video', () => {
    expect(checkAgainstCreator(CONTENT, CREATOR, 300_001)).toMatchObject({ code: 'media_too_long', reason: expect.stringContaining('300 s') });
  });

  test('needs a cover within the video', () => {
    expect(checkAgainstCreator(content({ cover_timestamp_ms: 9_001 }), CREATOR, 9_000)).toMatchObject({ code: 'validation_failed' });
  });
});

describe('The init request', () => {
  const file = { kind: 'video', from: 'file', plan: planChunks(1_000) } as const;

  test('of a direct video has every field at its place', () => {
    const request = toInitRequest({ mode: 'direct', content: content({ cover_timestamp_ms: 1_500, brand_organic: true, is_aigc: true, disable_duet: true }), source: file, creator: CREATOR });
    expect(request).toEqual({
      route: 'direct_video',
      source: { kind: 'file', plan: { video_size: 1_000, chunk_size: 1_000, total_chunk_count: 1 } },
      post_info: {
        title: 'Morning #coffee with @anna',
        privacy_level: 'PUBLIC_TO_EVERYONE',
        disable_comment: false,
        disable_duet: true,
        disable_stitch: false,
        video_cover_timestamp_ms: 1_500,
        brand_content_toggle: false,
        brand_organic_toggle: true,
        is_aigc: true,
      },
    });
  });

  test('leaves out what was not said, and switches off what the creator has off', () => {
    const creator = { ...CREATOR, comment_disabled: true, duet_disabled: true, stitch_disabled: true };
    const request = toInitRequest({ mode: 'direct', content: content({ caption: '' }), source: { kind: 'video', from: 'url', url: 'https://cdn.example/a.mp4' }, creator });
    expect(request).toMatchObject({ source: { kind: 'url', url: 'https://cdn.example/a.mp4' }, post_info: { disable_comment: true, disable_duet: true, disable_stitch: true } });
    expect(Object.keys((request as { post_info: object }).post_info)).not.toEqual(expect.arrayContaining(['title']));
    expect(Object.keys((request as { post_info: object }).post_info)).not.toEqual(expect.arrayContaining(['video_cover_timestamp_ms']));
  });

  test('of a draft holds the source alone', () => {
    expect(toInitRequest({ mode: 'inbox', content: content({ privacy_level: null }), source: file, creator: null })).toMatchObject({ route: 'inbox_video', post_info: null });
  });

  const photos = { kind: 'photo', from: 'url', urls: ['https://cdn.example/1.jpg', 'https://cdn.example/2.jpg'] } as const;

  test('of photos has is_aigc beside post_info, and no duet', () => {
    const change = { caption: 'T', description: 'D', photo_cover_index: 1, auto_add_music: true, is_aigc: true, brand_content: true };
    expect(toInitRequest({ mode: 'direct', content: content(change), source: photos, creator: { ...CREATOR, comment_disabled: true } })).toEqual({
      route: 'photo',
      body: {
        media_type: 'PHOTO',
        post_mode: 'DIRECT_POST',
        is_aigc: true,
        post_info: {
          title: 'T',
          description: 'D',
          privacy_level: 'PUBLIC_TO_EVERYONE',
          disable_comment: true,
          auto_add_music: true,
          brand_content_toggle: true,
          brand_organic_toggle: false,
        },
        source_info: { source: 'PULL_FROM_URL', photo_images: photos.urls, photo_cover_index: 1 },
      },
    });
  });

  test('of a draft of photos has texts alone in post_info', () => {
    expect(toInitRequest({ mode: 'inbox', content: content({ privacy_level: null, caption: 'T' }), source: photos, creator: null })).toMatchObject({
      body: { post_mode: 'MEDIA_UPLOAD', post_info: { title: 'T' } },
    });
    const bare = toInitRequest({ mode: 'inbox', content: content({ privacy_level: null, caption: '' }), source: photos, creator: null });
    expect(bare.route === 'photo' && bare.body.post_info).toEqual({});
  });

  test('is not made of what checkContent refuses', () => {
    expect(() => toInitRequest({ mode: 'direct', content: content({ privacy_level: null }), source: file, creator: CREATOR })).toThrow('needs a privacy level');
    expect(() => toInitRequest({ mode: 'direct', content: content({ privacy_level: 'SELF_ONLY', brand_content: true }), source: file, creator: CREATOR })).toThrow('can not be private');
  });
});
