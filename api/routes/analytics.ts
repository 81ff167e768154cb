import { z } from '@hono/zod-openapi';
import { findSamplingAccount } from '../../db/metrics.repository.ts';
import { findMeasuredPost, lastAccountSampleBefore, lastPostSamplesBefore, listAccountSamples, listPostSamples, listPostVideos } from '../../db/metrics-report.repository.ts';
import type { Db } from '../../db/client.ts';
import { whyAccountIsNotSampled, whyPostIsNotSampled } from '../../domain/analytics/no-numbers.ts';
import { seriesOf, type SeriesPoint } from '../../domain/analytics/series.ts';
import { ACCOUNT_COUNTS, VIDEO_COUNTS } from '../../domain/analytics/summary.ts';
import { AppError } from '../../domain/errors.ts';
import { analyticsSpan } from '../analytics-span.ts';
import { makeSummary, SUMMARY_HEADER, summaryTable } from '../analytics-summary.ts';
import { createRouter, type Router } from '../context.ts';
import { csvAnswer, wantsCsv } from '../csv-answer.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldError } from '../errors.ts';
import { apiRoute } from '../route.ts';
import { accountMetricsSchema, postMetricsSchema, seriesQuery, summaryQuery, summarySchema } from '../schemas/analytics.ts';
import { idParam } from '../schemas/common.ts';
import { iso, isoOrNull } from '../schemas/query.ts';

const tags = ['Analytics'];
/** Rows that are read and written for one answer; a year of an account's samples is some 35,000. */
const MOST_ROWS = 50_000;
const MOST_ITEMS = 10_000;

const jsonOrCsv = <T extends z.ZodType>(schema: T, description: string, firstLine: string) => ({
  200: { description, content: { 'application/json': { schema }, 'text/csv': { schema: z.string().openapi({ example: `${firstLine}\r\n` }) } } },
});

const csvHeader = (keys: readonly string[]): string[] => ['at', 'sampled_at', ...keys, ...keys.map((key) => `${key}_change`)];
const POST_HEADER = ['video_id', ...csvHeader(VIDEO_COUNTS)];
const ACCOUNT_HEADER = csvHeader(ACCOUNT_COUNTS);

const postMetrics = apiRoute({
  method: 'get',
  path: '/api/posts/{id}/metrics',
  access: 'analytics.view',
  tags,
  summary: 'A post’s views, likes, comments and shares over time',
  description: `TikTok has snapshots only: what is here was sampled by us. At most ${MOST_ITEMS} points as JSON, ${MOST_ROWS} as CSV.`,
  request: { params: idParam, query: seriesQuery },
  responses: jsonOrCsv(postMetricsSchema, 'The series, by video and time.', POST_HEADER.join(',')),
});

const accountMetrics = apiRoute({
  method: 'get',
  path: '/api/social-accounts/{id}/metrics',
  access: 'analytics.view',
  tags,
  summary: 'An account’s followers, likes and videos over time',
  description: `At most ${MOST_ITEMS} points as JSON, ${MOST_ROWS} as CSV.`,
  request: { params: idParam, query: seriesQuery },
  responses: jsonOrCsv(accountMetricsSchema, 'The series, by time.', ACCOUNT_HEADER.join(',')),
});

const summary = apiRoute({
  method: 'get',
  path: '/api/analytics/summary',
  access: 'analytics.view',
  tags,
  summary: 'How a period went: gains, growth, best posts, best hours',
  description: 'Growth is against the period of the same length right before.',
  request: { query: summaryQuery },
  responses: jsonOrCsv(summarySchema, 'The summary.', SUMMARY_HEADER.join(',')),
});

export function analyticsRoutes({ db }: ApiDeps): Router {
  return createRouter()
    .openapi(postMetrics, async (c) => {
      const { interval, format, ...query } = c.req.valid('query');
      const now = new Date();
      const span = analyticsSpan(query, now);
      const post = await findMeasuredPost(db, c.get('workspace').id, c.req.valid('param').id);
      if (!post) throw new AppError('not_found');
      const videos = await listPostVideos(db, post.id);
      const samples = bounded(await listPostSamples(db, post.id, { ...span, limit: MOST_ROWS + 1 }), MOST_ROWS, interval);
      const before = await lastPostSamplesBefore(db, post.id, span.from);
      const items = videos.flatMap(({ video_id }) => {
        const ofVideo = samples.filter((sample) => sample.video_id === video_id);
        const last = before.find((sample) => sample.video_id === video_id) ?? null;
        return seriesOf(ofVideo, VIDEO_COUNTS, interval, span.zone, last).map((point) => ({ video_id, ...pointView(point) }));
      });
      if (wantsCsv(c, format)) return csvAnswer(c, { name: `post-${post.id}`, header: POST_HEADER, rows: items.map((item) => [item.video_id, ...csvRow(VIDEO_COUNTS, item)]) });
      const measured = { state: post.state, privacy_level: post.content.privacy_level, account: { state: post.account_state, scopes: post.scopes }, videos };
      return c.json(
        {
          post_id: post.id,
          social_account_id: post.social_account_id,
          ...spanView(span, interval),
          no_numbers_because: whyPostIsNotSampled(measured, now),
          videos: videos.map((video) => ({ video_id: video.video_id, published_at: iso(video.published_at), gone_at: isoOrNull(video.gone_at) })),
          items: bounded(items, MOST_ITEMS, interval),
        },
        200,
      );
    })
    .openapi(accountMetrics, async (c) => {
      const { interval, format, ...query } = c.req.valid('query');
      const span = analyticsSpan(query, new Date());
      const account = await requireAccount(db, c.get('workspace').id, c.req.valid('param').id);
      const samples = bounded(await listAccountSamples(db, account.id, { ...span, limit: MOST_ROWS + 1 }), MOST_ROWS, interval);
      const before = (await lastAccountSampleBefore(db, account.id, span.from)) ?? null;
      const items = seriesOf(samples, ACCOUNT_COUNTS, interval, span.zone, before).map(pointView);
      if (wantsCsv(c, format)) return csvAnswer(c, { name: `account-${account.id}`, header: ACCOUNT_HEADER, rows: items.map((item) => csvRow(ACCOUNT_COUNTS, item)) });
      return c.json(
        {
          social_account_id: account.id,
          ...spanView(span, interval),
          no_numbers_because: whyAccountIsNotSampled(account, 'user.info.stats'),
          items: bounded(items, MOST_ITEMS, interval),
        },
        200,
      );
    })
    .openapi(summary, async (c) => {
      const { social_account_id = null, top, format, ...query } = c.req.valid('query');
      const span = analyticsSpan(query, new Date());
      const workspace_id = c.get('workspace').id;
      if (social_account_id) await requireAccount(db, workspace_id, social_account_id);
      const made = await makeSummary(db, { workspace_id, social_account_id }, span, top);
      return wantsCsv(c, format) ? csvAnswer(c, summaryTable(made)) : c.json(made, 200);
    });
}

async function requireAccount(db: Db, workspaceId: string, id: string) {
  const account = await findSamplingAccount(db, workspaceId, id);
  if (!account) throw new AppError('not_found');
  return account;
}

function bounded<T>(rows: T[], most: number, interval: string): T[] {
  if (rows.length <= most) return rows;
  throw fieldError(interval === 'day' ? 'from' : 'interval', `gives more than ${most} rows: choose ${interval === 'day' ? '' : 'day, or '}a shorter period`);
}

const spanView = ({ from, to, zone }: ReturnType<typeof analyticsSpan>, interval: z.infer<typeof seriesQuery>['interval']) => ({
  interval,
  time_zone: zone.name,
  from: iso(from),
  to: iso(to),
});

const pointView = <K extends string>({ at, sampled_at, totals, change }: SeriesPoint<K>) => ({ at: iso(at), sampled_at: iso(sampled_at), totals, change });

const csvRow = <K extends string>(keys: readonly K[], point: ReturnType<typeof pointView<K>>) => [
  point.at,
  point.sampled_at,
  ...keys.map((key) => point.totals[key]),
  ...keys.map((key) => point.change?.[key] ?? null),
];
