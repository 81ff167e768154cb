/** Tags of cached answers, by what they are made of: the page of one row, and the lists of its workspace. */
export const streamTag = (id: string): string => `stream:${id}`;
export const streamsTag = (workspaceId: string): string => `streams:${workspaceId}`;
export const vodTag = (id: string): string => `vod:${id}`;
export const vodsTag = (workspaceId: string): string => `vods:${workspaceId}`;
