import { setTimeout as delay } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { FINAL_POST_STATES } from '../../domain/contracts/post.ts';
import type { DemoApi } from './api.ts';

export interface TimelineEntry {
  id: number;
  at: string;
  kind: string;
  detail: string | null;
}

interface Bytes {
  bytes_uploaded: number;
  bytes_total: number | null;
}

export interface Progress extends Bytes {
  state: string;
  state_reason: string | null;
  permalink: string | null;
}

export interface LifeEvents {
  timeline(entry: TimelineEntry): void;
  progress(progress: Progress): void;
}

const AGAIN_MS = 500;

/** Follows a post until its end, through broken connections; `signal` ends it early. */
export async function followPost(api: DemoApi, postId: string, events: LifeEvents, signal: AbortSignal): Promise<void> {
  let lastEventId = '';
  let over = false;
  const parser = () =>
    createParser({
      onEvent: ({ id, event, data }) => {
        if (id) lastEventId = id;
        if (event === 'timeline') events.timeline(JSON.parse(data) as TimelineEntry);
        if (event === 'progress' || event === 'end') events.progress(JSON.parse(data) as Progress);
        over ||= event === 'end';
      },
    });
  while (!over && !signal.aborted) {
    try {
      const headers: Record<string, string> = lastEventId === '' ? {} : { 'last-event-id': lastEventId };
      const body = await api.stream(`/api/posts/${postId}/events`, headers, signal);
      const decoder = new TextDecoder();
      const { feed } = parser();
      for await (const chunk of body) feed(decoder.decode(chunk, { stream: true }));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SyntaxError) throw error;
    }
    // The end may have come while the connection was broken: such a stream tells nothing any more.
    if (!over) over = await hasEnded(api, postId, events);
    if (!over) await delay(AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function hasEnded(api: DemoApi, postId: string, { progress }: LifeEvents): Promise<boolean> {
  const { progress: bytes, ...post } = await api.get<Omit<Progress, keyof Bytes> & { progress: Bytes }>(`/api/posts/${postId}`);
  const isOver = FINAL_POST_STATES.some((state) => state === post.state);
  if (isOver) progress({ ...post, ...bytes });
  return isOver;
}
