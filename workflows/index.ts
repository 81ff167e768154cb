export { deliverActions } from './deliver-actions.ts';
export { livestreamSession } from './livestream-session.ts';
export { enforceRetention, sweepLivestreams } from './maintenance.ts';
export { restoreDevice } from './restore-device.ts';
export { sendDeviceCommand } from './send-device-command.ts';
export { sweepActions } from './sweep-actions.ts';
export { syncAnalytics } from './sync-analytics.ts';
