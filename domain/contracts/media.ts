/** What ffprobe says of a file. */
export interface MediaProbe {
  /** Names of containers, as ffprobe lists them: `mov,mp4,m4a,…`. */
  container: string;
  video_codec: string | null;
  width: number | null;
  height: number | null;
  /** Frames a second. */
  frame_rate: number | null;
  duration_ms: number | null;
}

/** What is known of a stored file. */
export interface MediaFacts {
  size_bytes: number;
  content_type: string;
  /** null: ffprobe is not installed, or the file is no video. */
  probe: MediaProbe | null;
}

/** One fault of a file, by what is wrong with it. */
export interface MediaFault {
  code: 'media_empty' | 'media_too_large' | 'media_type' | 'media_truncated' | 'media_codec' | 'media_frame_rate' | 'media_picture_size' | 'media_too_long';
  message: string;
}
