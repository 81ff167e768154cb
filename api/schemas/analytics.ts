import { z } from '@hono/zod-openapi';
import { INTERVALS } from '../../domain/analytics/series.ts';
import { GAINS } from '../../domain/analytics/summary.ts';
import { id, timestamp } from './common.ts';
import { instant } from './query.ts';
import { uuid } from './uuid.ts';

const count = z.int().openapi({ example: 1_204 });
const reason = z.string().nullable().openapi({ example: null, description: 'Why no new numbers come, in words; null: they come.' });

const spanQuery = z.object({
  from: instant('Where the period begins; 28 days before its end, where absent.').optional(),
  to: instant('Where it ends, not included; now, where absent. At most 366 days after from.').optional(),
  time_zone: z
    .string()
    .max(64)
    .default('UTC')
    .openapi({ example: 'Europe/Berlin', description: 'IANA name, for where a day or hour begins.' }),
  format: z.enum(['json', 'csv']).optional().openapi({ description: 'csv: as a file, as with Accept: text/csv.' }),
});

export const seriesQuery = spanQuery.extend({
  interval: z.enum(INTERVALS).default('raw').openapi({ description: 'raw: every sample. hour, day: the last sample of each.' }),
});

export const summaryQuery = spanQuery.extend({
  social_account_id: uuid().optional().openapi({ description: 'Only this account; where absent, all of the workspace.' }),
  top: z.coerce.number().int().min(1).max(50).default(5).openapi({ description: 'Length of the lists of best posts.' }),
});

const seriesFields = {
  interval: z.enum(INTERVALS),
  time_zone: z.string(),
  from: timestamp,
  to: timestamp,
  no_numbers_because: reason,
};
const pointTimes = {
  at: timestamp.openapi({ description: 'Beginning of the hour or day; with raw the time of the sample.' }),
  sampled_at: timestamp.openapi({ description: 'Time of the sample that the totals are of.' }),
};
const change = <T extends z.ZodType>(totals: T) => totals.nullable().openapi({ description: 'Since the point before; null where there is none.' });

const videoTotals = z.object({ view_count: count, like_count: count, comment_count: count, share_count: count });
const accountTotals = z.object({ follower_count: count, following_count: count, likes_count: count, video_count: count });

export const postMetricsSchema = z
  .object({
    post_id: id,
    social_account_id: id,
    ...seriesFields,
    videos: z
      .array(
        z.object({
          video_id: z.string().openapi({ example: '7400000000000000001' }),
          published_at: timestamp,
          gone_at: timestamp.nullable().openapi({ description: 'TikTok returned it no more.' }),
        }),
      )
      .openapi({ description: 'TikTok’s public videos of this post: one as a rule, several of one draft at times.' }),
    items: z.array(z.object({ video_id: z.string(), ...pointTimes, totals: videoTotals, change: change(videoTotals) })),
  })
  .openapi('PostMetrics');

export const accountMetricsSchema = z
  .object({
    social_account_id: id,
    ...seriesFields,
    items: z.array(z.object({ ...pointTimes, totals: accountTotals, change: change(accountTotals) })),
  })
  .openapi('AccountMetrics');

const growthSchema = z
  .object({
    value: count,
    previous: count.openapi({ description: 'The same of the period before, which is as long.' }),
    change: count,
    change_percent: z.number().nullable().openapi({ example: 12.5, description: 'null where there was nothing before.' }),
  })
  .openapi('Growth');

const bestPostSchema = z
  .object({
    post_id: id,
    social_account_id: id,
    caption: z.string(),
    permalink: z.string().nullable(),
    published_at: timestamp,
    gained: z.object(Object.fromEntries(GAINS.map((key) => [key, count])) as Record<(typeof GAINS)[number], typeof count>),
  })
  .openapi('BestPost');

export const summarySchema = z
  .object({
    from: timestamp,
    to: timestamp,
    previous_from: timestamp,
    time_zone: z.string(),
    social_account_id: id.nullable(),
    totals: z
      .object({
        views: growthSchema,
        likes: growthSchema,
        comments: growthSchema,
        shares: growthSchema,
        engagement: growthSchema.openapi({ description: 'Likes, comments and shares.' }),
        posts: growthSchema.openapi({ description: 'Published in the period, the private ones too.' }),
        followers: growthSchema
          .nullable()
          .openapi({ description: 'At the end, beside the beginning (or the first sample after it); null: never sampled.' }),
      })
      .openapi({ description: 'What was gained in the period. Of posts that were published before their sampling began, since their first sample.' }),
    best_posts: z.object({ by_views: z.array(bestPostSchema), by_likes: z.array(bestPostSchema), by_engagement: z.array(bestPostSchema) }),
    best_hours: z
      .array(z.object({ hour: z.int().min(0).max(23), videos: count, mean_views: z.number() }))
      .openapi({ description: 'Hours of the day in which videos of the period were published, by the mean of their views at its end.' }),
  })
  .openapi('AnalyticsSummary');

export type Summary = z.infer<typeof summarySchema>;
