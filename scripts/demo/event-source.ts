import { setTimeout as delay } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import type { DemoApi } from './api.ts';

export interface StreamedEvent {
  type: string;
  username?: string | null;
  [field: string]: unknown;
}

const AGAIN_MS = 500;

/** Follows a livestream until `signal` ends it; after a broken connection it goes on where it stood, by Last-Event-ID. */
export async function followEvents(api: DemoApi, livestreamId: string, take: (event: StreamedEvent) => void, signal: AbortSignal): Promise<void> {
  let lastEventId = '';
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = lastEventId === '' ? {} : { 'last-event-id': lastEventId };
      const body = await api.stream(`/api/events/stream?livestream_id=${livestreamId}`, headers, signal);
      const decoder = new TextDecoder();
      const parser = createParser({
        onEvent: ({ id, event, data }) => {
          if (id) lastEventId = id;
          if (event) take({ ...(JSON.parse(data) as StreamedEvent), type: event });
        },
      });
      for await (const chunk of body) parser.feed(decoder.decode(chunk, { stream: true }));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SyntaxError) throw error;
    }
    await delay(AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}
