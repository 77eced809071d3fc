/** Where the links of tracked messages lead, whichever process made them (T-234). */
export interface TrackedLinks {
  /** Null for a message or a number that there is not. */
  byNumber(message: string, place: number): Promise<TrackedLink | null>;
  /** By a short link's key (T-233). */
  byKey(key: string): Promise<TrackedLink | null>;
}

export interface TrackedLink {
  message_id: string;
  url: string;
}
