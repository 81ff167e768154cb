import { findChannel, type ChannelRow } from '../db/channel.repository.ts';
import type { Db } from '../db/client.ts';
import { AppError, ERRORS } from '../domain/errors.ts';
import { ApiError } from './errors.ts';

/** The channel, or not_found where it is none of the workspace's. */
export async function requireChannel(db: Db, workspaceId: string, channelUid: string): Promise<ChannelRow> {
  const channel = await findChannel(db, workspaceId, channelUid);
  if (!channel) throw new AppError('not_found', 'channel');
  return channel;
}

/** The channel, where TikTok may be asked for it; otherwise why not. @throws ApiError shop_channel_paused or shop_channel_disconnected */
export async function requireUsableChannel(db: Db, workspaceId: string, channelUid: string): Promise<ChannelRow> {
  const channel = await requireChannel(db, workspaceId, channelUid);
  if (channel.state === 'disconnected') throw new ApiError('shop_channel_disconnected');
  if (channel.state === 'paused') throw new ApiError('shop_channel_paused', { detail: pausedBecause(channel) });
  return channel;
}

/** Why a channel is paused, for people. */
export const pausedBecause = ({ state_code, state_reason }: ChannelRow): string =>
  [ERRORS.shop_channel_paused.message, state_reason ?? (state_code && ERRORS[state_code].message)].filter(Boolean).join(' ');
