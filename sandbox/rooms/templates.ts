import type { EventDraft } from '../events.ts';
import { encodeBaseMessage } from '../wire/frames.ts';
import { encodeEvent } from '../wire/messages.ts';
import type { Script, ScriptedKind } from './script.ts';

/** Messages that are encoded once and then only get another id and time. */
export interface Templates {
  fill(kind: ScriptedKind, msgId: bigint, nowMs: number): { draft: EventDraft; base: Uint8Array };
}

interface Template {
  draft: EventDraft;
  base: Buffer;
  /** Where the message id stands: in the outer message and in `common`. */
  idsAt: number[];
  timeAt: number;
}

const VARIANTS = 200;
const ID_BYTES = 9;
const TIME_BYTES = 6;

/** @param nowMs any time of these years: its varint has six bytes, as that of an id has nine */
export function createTemplates(script: Script, roomId: string, nowMs: number): Templates {
  const made = new Map<ScriptedKind, Template[]>();
  let turn = 0;
  return {
    fill: (kind, msgId, now) => {
      let variants = made.get(kind);
      if (!variants) made.set(kind, (variants = Array.from({ length: VARIANTS }, () => createTemplate(script.of(kind), roomId, nowMs))));
      const template = variants[turn++ % VARIANTS];
      if (!template) throw new RangeError('There is no template.');
      const base = Buffer.from(template.base);
      for (const at of template.idsAt) writeVarint(base, at, msgId, ID_BYTES);
      writeVarint(base, template.timeAt, BigInt(now), TIME_BYTES);
      return { draft: template.draft, base };
    },
  };
}

function createTemplate(draft: EventDraft, roomId: string, created_at_ms: number): Template {
  const markId = 0x7a5b_3c1d_7e6f_5a4bn;
  const event = { ...draft, msg_id: String(markId), created_at_ms };
  const base = Buffer.from(encodeBaseMessage(encodeEvent(event, roomId), markId));
  const idsAt = placesOf(base, markId, ID_BYTES);
  const timeAt = placesOf(base, BigInt(created_at_ms), TIME_BYTES)[0];
  if (idsAt.length !== 2 || timeAt === undefined) throw new Error('An id or time does not stand where it was put.');
  return { draft, base, idsAt, timeAt };
}

function placesOf(bytes: Buffer, value: bigint, length: number): number[] {
  const mark = Buffer.alloc(length);
  writeVarint(mark, 0, value, length);
  const places: number[] = [];
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) places.push(at);
  return places;
}

/** Writes a varint over one of the same length. */
function writeVarint(bytes: Buffer, at: number, value: bigint, length: number): void {
  let low = Number(value & 0xfffffffn);
  let middle = Number((value >> 28n) & 0xfffffffn);
  let high = Number(value >> 56n);
  for (let index = 0; index < length; index++) {
    const group = index < 4 ? low & 127 : index < 8 ? middle & 127 : high & 127;
    if (index < 4) low >>>= 7;
    else if (index < 8) middle >>>= 7;
    else high >>>= 7;
    bytes[at + index] = index === length - 1 ? group : group | 128;
  }
}
