import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Beside a run's files: what a process that finds them must know to bring them in. */
const runFactsSchema = z.object({
  id: z.uuid(),
  stream_id: z.uuid(),
  session_id: z.uuid(),
  started_at: z.coerce.date(),
  /** Wall clock at 0 of the media's own clock. */
  media_zero: z.coerce.date(),
  init_sha256: z.string(),
  codecs: z.string(),
  width: z.number().nullable(),
  height: z.number().nullable(),
  /** false: for players only; of no use to a new process. */
  recorded: z.boolean(),
});
export type RunFacts = z.infer<typeof runFactsSchema>;

/** @returns null for what is no such file */
export function parseRunFacts(text: string): RunFacts | null {
  try {
    return runFactsSchema.parse(JSON.parse(text));
  } catch {
    // Cut off by a kill, or somebody else's.
    return null;
  }
}

export const factsOf = (
  run: { id: string; init: Uint8Array; started_at: Date; media_zero: Date; codecs: string; width: number | null; height: number | null },
  of: { stream_id: string; session_id: string; recorded: boolean },
): RunFacts => {
  const { init, ...facts } = run;
  return { ...facts, ...of, init_sha256: createHash('sha256').update(init).digest('hex') };
};
