/** Where the links of tracked messages lead, whichever process made them (T-234). */
export interface TrackedLinks {
  /** Null for a message or a number that there is not. */
  findByNumber(message: string, linkNumber: number): Promise<TrackedLink | null>;
  /** By a short link's key (T-233). */
  findByKey(key: string): Promise<TrackedLink | null>;
}

export interface TrackedLink {
  message_id: string;
  url: string;
}
