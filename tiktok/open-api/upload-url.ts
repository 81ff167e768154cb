const TIKTOK_HOST = /(^|\.)tiktokapis\.com$/;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Whether bytes may be sent there: an upload URL comes from an answer, and a file is not to be sent to a host that an answer made up.
 * TikTok's are https below tiktokapis.com; another server's (TIKTOK_OPEN_API_URL over plain http) are its own host's or this machine's.
 */
export function isUploadUrl(uploadUrl: string, openApiUrl: string): boolean {
  if (!URL.canParse(uploadUrl)) return false;
  const upload = new URL(uploadUrl);
  if (upload.username !== '' || upload.password !== '') return false;
  if (upload.protocol === 'https:' && upload.port === '' && TIKTOK_HOST.test(upload.hostname)) return true;
  if (upload.protocol !== 'https:' && upload.protocol !== 'http:') return false;
  const api = new URL(openApiUrl);
  if (api.protocol === 'http:' && upload.hostname === api.hostname) return true;
  return (api.protocol === 'http:' || LOOPBACK.test(api.hostname)) && LOOPBACK.test(upload.hostname);
}
