import type { Running } from './running.ts';

export interface BannerOptions {
  running: Omit<Running, 'pid' | 'processes'>;
  dataDir: string;
  privateWebhooks: boolean;
}

/** What a person sees when everything is up. */
export function banner({ running, dataDir, privateWebhooks }: BannerOptions): string {
  const rows: [string, string][] = [
    ['API', running.api_url],
    ['API docs', running.docs_url],
    ['TikTok page', `${running.api_url}/crm/social/tiktok`],
    ['Shops', `${running.api_url}/auth/connect-url connects one (docs/tiktok-shop.md)`],
    ...streams(running),
    ['Social app', `POST ${running.api_url}/api/<verb> (docs/mobile-api.md)`],
    ['Temporal UI', running.temporal_ui_url ?? 'not known (TEMPORAL_UI_URL)'],
    ['MQTT', withoutPassword(running.mqtt_url)],
    ['TikTok', running.sandbox_url ? `sandbox, ${running.sandbox_url} (no request leaves this machine)` : 'the real one'],
    ['Data', `${dataDir} (logs in ${dataDir}/logs)`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const notes = privateWebhooks ? ['Webhooks may go to private addresses (ALLOW_PRIVATE_WEBHOOKS=1), since this is the sandbox.'] : [];
  const next = running.sandbox_url ? `Next: npm run demo (LIVE), npm run demo:publish, npm run demo:shop${running.rtmp_url ? ', npm run demo:stream or npm run demo:social' : ''}, in another terminal.` : 'Next: POST /api/auth/register, as the API docs show.';
  return ['', 'Showrunner is up.', '', ...rows.map(([name, value]) => `  ${name.padEnd(width)}${value}`), '', ...notes, `${next} Ctrl-C stops everything.`, ''].join('\n');
}

/** Where to publish and to watch; what is off, with the command that turns it on. */
function streams({ api_url, media_url, rtmp_url, streams_off }: BannerOptions['running']): [string, string][] {
  if (media_url === null) return [['Streams', streams_off ?? 'off']];
  const ways = ['WHIP', 'WHEP', ...(rtmp_url ? ['HLS'] : [])].join(', ');
  return [
    ['Streams', `${media_url} (${ways}); from the browser: ${api_url}/studio/{id}, to watch: ${api_url}/watch/{id}`],
    ...(rtmp_url ? ([['Streams, RTMP', rtmp_url]] satisfies [string, string][]) : []),
    ...(streams_off ? ([['Streams, off', streams_off]] satisfies [string, string][]) : []),
  ];
}

function withoutPassword(url: string): string {
  const parsed = new URL(url);
  if (parsed.password !== '') parsed.password = '***';
  return parsed.href;
}
