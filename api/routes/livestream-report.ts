import { z } from '@hono/zod-openapi';
import { countersByMinute, listConnections, recoveredByReplay, topCommenters, topGifters } from '../../db/livestream-report.repository.ts';
import type { Db } from '../../db/client.ts';
import type { LivestreamRow } from '../../db/livestream.repository.ts';
import type { Row } from '../../db/schema.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldError } from '../errors.ts';
import { gapsOf, lossesOf } from '../livestream-report.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { reportSchema } from '../schemas/livestream-report.ts';
import { requireLivestream } from './livestreams.ts';
import { idParam } from '../schemas/common.ts';
import { instant, iso, isoOrNull } from '../schemas/query.ts';

/** 1,440 minutes: a day. A longer livestream is read day by day. */
const MAX_SPAN_MS = 86_400_000;

const report = apiRoute({
  method: 'get',
  path: '/api/livestreams/{id}/report',
  access: 'livestreams.view',
  tags: ['Livestreams'],
  summary: 'Report of a livestream',
  description:
    'Duration, counters by minute, top gifters, and each gap with an estimate of what was missed. from and to choose the minutes, at most a day; without them the last day.',
  request: {
    params: idParam,
    query: z.object({
      from: instant('First minute.').optional(),
      to: instant('Where the minutes end.').optional(),
      top: z.coerce.number().int().min(1).max(100).default(10).openapi({ description: 'Length of the lists of people.' }),
    }),
  },
  responses: { 200: jsonAnswer(reportSchema, 'The report.') },
});

export function livestreamReportRoutes({ db }: ApiDeps): Router {
  return createRouter().openapi(report, async (c) => {
    const livestream = await requireLivestream(db, c.get('workspace').id, c.req.valid('param').id);
    const { from, to, top } = c.req.valid('query');
    return c.json(await makeReport(db, livestream, minuteSpan(livestream, new Date(), from, to), top), 200);
  });
}

interface Span {
  from: Date;
  to: Date;
}

function minuteSpan(livestream: LivestreamRow, now: Date, from?: Date, to?: Date): Span {
  // TikTok's clock may be ahead of ours, and an event may come in the minute of the end.
  const end = to ?? (from ? new Date(from.getTime() + MAX_SPAN_MS) : new Date((livestream.ended_at ?? now).getTime() + 60_000));
  const start = from ?? new Date(end.getTime() - MAX_SPAN_MS);
  if (start >= end) throw fieldError('from', 'must be before to');
  if (end.getTime() - start.getTime() > MAX_SPAN_MS) throw fieldError('to', 'must be at most 24 hours after from');
  return { from: start, to: end };
}

async function makeReport(db: Db, livestream: LivestreamRow, span: Span, top: number): Promise<z.infer<typeof reportSchema>> {
  const now = new Date();
  const connections = await listConnections(db, livestream.id);
  const gaps = gapsOf(connections, livestream, now);
  // One after the other: a report may take a while, and must not take the whole pool for it.
  const recovered = await recoveredByReplay(db, livestream.id, gaps);
  const minutes = await countersByMinute(db, livestream.id, span.from, span.to);
  const gifters = await topGifters(db, livestream.id, top);
  const commenters = await topCommenters(db, livestream.id, top);

  const startedAt = connections[0]?.connected_at ?? livestream.connected_at;
  return {
    livestream_id: livestream.id,
    status: livestream.status,
    started_at: isoOrNull(startedAt),
    ended_at: isoOrNull(livestream.ended_at),
    duration_s: startedAt ? secondsBetween(startedAt, livestream.ended_at ?? now) : 0,
    connected_s: round(connections.reduce((sum, connection) => sum + connectionSeconds(connection, livestream, now), 0)),
    totals: {
      events: livestream.total_events,
      comments: livestream.total_comments,
      gifts: livestream.total_gifts,
      likes: livestream.total_likes,
      joins: livestream.total_joins,
      follows: livestream.total_follows,
      shares: livestream.total_shares,
    },
    by_minute: { from: iso(span.from), to: iso(span.to), items: minutes.map((row) => ({ ...row, minute: iso(row.minute) })) },
    top_gifters: gifters,
    top_commenters: commenters,
    connections: connections.map((connection) => ({
      connected_at: iso(connection.connected_at),
      disconnected_at: isoOrNull(connection.disconnected_at),
      duration_s: connectionSeconds(connection, livestream, now),
      reason: connection.reason,
      decode_failures: connection.decode_failures,
      dropped_events: connection.dropped_events,
    })),
    gaps: gaps.map((gap, index) => ({
      from: iso(gap.from),
      to: iso(gap.to),
      duration_s: secondsBetween(gap.from, gap.to),
      ongoing: gap.ongoing,
      reason: gap.reason,
      ...lossesOf(
        gap,
        recovered.filter(({ window }) => window === index),
      ),
    })),
    decode_failures: connections.reduce((sum, { decode_failures }) => sum + decode_failures, 0),
    dropped_events: connections.reduce((sum, { dropped_events }) => sum + dropped_events, 0),
  };
}

const connectionSeconds = (connection: Row<'livestream_connections'>, livestream: LivestreamRow, now: Date): number =>
  secondsBetween(connection.connected_at, connection.disconnected_at ?? livestream.ended_at ?? now);

const round = (seconds: number): number => Math.round(seconds * 1_000) / 1_000;
const secondsBetween = (from: Date, to: Date): number => round(Math.max(0, to.getTime() - from.getTime()) / 1_000);
