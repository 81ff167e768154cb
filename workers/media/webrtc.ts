import { parseIceServers, iceServerLinks } from '../../domain/streaming/ice-servers.ts';
import { AppError } from '../../domain/errors.ts';
import type { WebRtcRouteOptions } from '../../media/http/webrtc-options.ts';
import { addWhepRoutes } from '../../media/http/whep.ts';
import { addWhipRoutes } from '../../media/http/whip.ts';
import type { MediaContext, MediaPart } from './parts.ts';
import { addStageMetrics } from './stage-metrics.ts';

/** Encoders by WHIP and viewers by WHEP. */
export function createWebrtcPart({ context, stages, http, gate, sessions, host, log }: MediaContext): MediaPart {
  const { env, metrics } = context;
  const links = iceServerLinks(parseIceServers(env.ICE_SERVERS));
  if (stages === null) {
    refuseAll(http);
    return {};
  }
  addStageMetrics(metrics.registry, stages);
  const options: WebRtcRouteOptions = { http, stages, gate, sessions, host, links, trustedProxies: env.TRUSTED_PROXIES, logger: log };
  addWhipRoutes(options);
  addWhepRoutes(options);
  return {};
}

/** The port may be open for HLS alone. */
function refuseAll(http: MediaContext['http']): void {
  for (const path of ['/whip', '/whip/*', '/whep/*']) {
    http.all(path, () => {
      throw new AppError('feature_off', 'WebRTC is off on this host: it has no mediasoup worker. "npm run setup:media" gets it.');
    });
  }
}
