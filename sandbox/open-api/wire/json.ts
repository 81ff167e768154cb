export type Json = string | number | boolean | bigint | null | undefined | readonly Json[] | { readonly [key: string]: Json };

/**
 * JSON in which a bigint is a bare number with all of its digits, as TikTok writes post ids: JSON.stringify can't,
 * and a number of JavaScript has lost them already.
 */
export function toJson(value: Json): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map((item) => toJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value as { readonly [key: string]: Json }).filter(([, member]) => member !== undefined);
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${toJson(member)}`).join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}
