export { livestreamSession } from './livestream-session.ts';
export { enforceRetention, sweepLivestreams } from './maintenance.ts';
