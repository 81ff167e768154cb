import { z } from '@hono/zod-openapi';
import type { MediaProbe } from '../../domain/contracts/media.ts';
import { id, timestamp } from './common.ts';
import { iso } from './query.ts';

export const mediaSchema = z
  .object({
    id,
    file_name: z.string().openapi({ example: 'launch.mp4' }),
    content_type: z.string().openapi({ example: 'video/mp4', description: 'By what the file holds, not by its name.' }),
    size_bytes: z.int().openapi({ example: 73_400_320 }),
    sha256: z.string().openapi({ example: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' }),
    duration_ms: z.int().nullable().openapi({ example: 15_000, description: 'null, as the four that follow: ffprobe is not installed.' }),
    width: z.int().nullable().openapi({ example: 1_080 }),
    height: z.int().nullable().openapi({ example: 1_920 }),
    frame_rate: z.number().nullable().openapi({ example: 30 }),
    video_codec: z.string().nullable().openapi({ example: 'h264' }),
    created_at: timestamp,
  })
  .openapi('Media');

interface MediaParts {
  id: string;
  file_name: string;
  content_type: string;
  size_bytes: number;
  sha256: string;
  probe: MediaProbe | null;
  created_at: Date;
}

export const toMediaView = ({ probe, created_at, ...row }: MediaParts): z.infer<typeof mediaSchema> => ({
  id: row.id,
  file_name: row.file_name,
  content_type: row.content_type,
  size_bytes: row.size_bytes,
  sha256: row.sha256,
  duration_ms: probe?.duration_ms ?? null,
  width: probe?.width ?? null,
  height: probe?.height ?? null,
  frame_rate: probe?.frame_rate ?? null,
  video_codec: probe?.video_codec ?? null,
  created_at: iso(created_at),
});
