import type { types } from 'mediasoup';
import { nextLayer, type LayerState } from '../../domain/streaming/layer-choice.ts';

const LOOK_MS = 1_000;

/**
 * Chooses among a simulcast's pictures by how well the viewer receives. WHEP players number the header extensions that bandwidth is
 * measured with in their own way, so that mediasoup does not measure it for them.
 */
export function followReception(consumer: types.Consumer): void {
  const top = consumer.rtpParameters.encodings?.[0]?.scalabilityMode ? layersOf(consumer) - 1 : 0;
  let state: LayerState = { layer: top, since_ms: Date.now() };
  const timer = setInterval(() => {
    const next = nextLayer(state, { score: consumer.score.score, top, now_ms: Date.now() });
    if (next.layer === state.layer) return;
    state = next;
    // Closed meanwhile: the timer is gone with it.
    consumer.setPreferredLayers({ spatialLayer: next.layer }).catch(() => undefined);
  }, LOOK_MS);
  consumer.observer.once('close', () => clearInterval(timer));
}

/** L3T1: three. */
const layersOf = (consumer: types.Consumer): number => Number(/^[LS](\d+)/.exec(consumer.rtpParameters.encodings![0]!.scalabilityMode!)?.[1] ?? 1);
