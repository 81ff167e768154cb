/** A segment on this host's disk, as those who write, serve, upload and remove it share it. */
export interface SegmentFile {
  path: string;
  /** Closed, with all of its bytes. */
  whole: boolean;
  /** In object storage. */
  stored: boolean;
}
