import type { EventDraft } from '../events.ts';
import { createRandom, hashOf } from '../catalogue/random.ts';
import { encodeBaseMessage } from '../wire/frames.ts';
import { encodeEvent } from '../wire/messages.ts';
import { startPacer } from './pacer.ts';
import type { EncodedMessage, Room } from './room.ts';
import type { ScriptedKind } from './script.ts';
import { createScript } from './script.ts';
import type { Mix } from './settings.ts';
import { createTotals, type Totals } from './totals.ts';
import { createTemplates, type Templates } from './templates.ts';

export interface LoadOptions {
  events_per_second: number;
  events_per_frame: number;
  duration_s?: number | undefined;
  total?: number | undefined;
  mix: Mix;
}

export interface LoadState extends LoadOptions {
  id: string;
  running: boolean;
  started_at_ms: number;
  /** Null while it runs. */
  ended_at_ms: number | null;
  sent: number;
  frames: number;
  /** Exactly what it has sent, counted as a faultless listener does. */
  totals: Totals;
}

export interface Load {
  state(): LoadState;
  stop(): void;
}

const WHEEL = 1_000;
const HIDDEN: readonly ScriptedKind[] = ['gift', 'like'];

/** Sends events in an open loop, cheaply: what can be is encoded before, and only ids and times are set. */
export function startLoad(room: Room, id: string, options: LoadOptions): Load {
  const totals = createTotals();
  const script = createScript({ random: createRandom(hashOf(id)), ids: room.ids, figures: room.figures, abandonedStreaks: () => 0 });
  const wheel = wheelOf(options.mix, createRandom(hashOf(`${id}-wheel`)));
  const templates = createTemplates(script, room.roomId, room.now());
  const started_at_ms = room.now();
  let turn = 0;
  let sent = 0;
  let frames = 0;
  let ended: number | null = null;

  function emit(count: number): void {
    if (room.status !== 'live') return stop();
    const now = room.now();
    const batch: EncodedMessage[] = [];
    for (let index = 0; index < count; index++) batch.push(encode(wheel[turn++ % wheel.length] ?? 'comment', now));
    room.publishEncoded(batch);
    sent += count;
    frames += 1;
  }

  function encode(kind: ScriptedKind, now: number): EncodedMessage {
    const message = HIDDEN.includes(kind) ? fresh(script.of(kind), now) : fromTemplate(templates, kind, now);
    totals.add(message.draft);
    return message;
  }

  function fresh(draft: EventDraft, now: number): EncodedMessage {
    const msgId = room.ids.next();
    const event = { ...draft, msg_id: String(msgId), created_at_ms: now };
    return { draft, msgId, base: encodeBaseMessage(encodeEvent(event, room.roomId), msgId) };
  }

  function fromTemplate(source: Templates, kind: ScriptedKind, now: number): EncodedMessage {
    const msgId = room.ids.next();
    return { msgId, ...source.fill(kind, msgId, now) };
  }

  function finish(): void {
    if (ended !== null) return;
    const now = room.now();
    // Streaks that still run get their end, so that the sums hold.
    const ends = room.status === 'live' ? script.endStreaks().map((draft) => fresh(draft, now)) : [];
    for (const message of ends) totals.add(message.draft);
    room.publishEncoded(ends);
    sent += ends.length;
    ended = now;
  }

  function stop(): void {
    pacer.stop();
    finish();
  }

  const pacer = startPacer({
    ratePerSecond: options.events_per_second,
    perFrame: options.events_per_frame,
    ...(options.total === undefined ? {} : { total: options.total }),
    ...(options.duration_s === undefined ? {} : { durationMs: options.duration_s * 1_000 }),
    emit,
    onEnd: finish,
  });

  return {
    stop,
    state: () => ({ ...options, id, running: ended === null, started_at_ms, ended_at_ms: ended, sent, frames, totals: totals.read() }),
  };
}

/** The kinds in a fixed, shuffled order whose shares are exactly those of the mix. */
function wheelOf(mix: Mix, random: () => number): ScriptedKind[] {
  const entries = Object.entries(mix) as [ScriptedKind, number][];
  const sum = entries.reduce((total, [, weight]) => total + weight, 0);
  const wheel = entries.flatMap(([kind, weight]) => Array.from({ length: Math.round((weight / sum) * WHEEL) }, () => kind));
  for (let index = wheel.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    const [a, b] = [wheel[index], wheel[other]];
    if (a === undefined || b === undefined) continue;
    wheel[index] = b;
    wheel[other] = a;
  }
  return wheel;
}
