export interface LayerState {
  /** 0: the smallest picture. */
  layer: number;
  since_ms: number;
}

/** mediasoup's score of a viewer's reception, 0 to 10; lost packets lower it. */
const POOR = 6;
const GOOD = 9;
const FALL_MS = 2_000;
/** Climbing is tried seldom: each try that fails is seen. */
const CLIMB_MS = 15_000;

/** Which of a simulcast's pictures a viewer gets next: a smaller one while packets are lost, a larger one after a good while. */
export function nextLayer(state: LayerState, { score, top, now_ms }: { score: number; top: number; now_ms: number }): LayerState {
  const age = now_ms - state.since_ms;
  if (score <= POOR && state.layer > 0 && age >= FALL_MS) return { layer: state.layer - 1, since_ms: now_ms };
  if (score >= GOOD && state.layer < top && age >= CLIMB_MS) return { layer: state.layer + 1, since_ms: now_ms };
  return state;
}
