/** Finds the targets of links in tracked messages, whichever process created them (T-234). */
export interface TrackedLinks {
  /** Returns null if the message or the number does not exist. */
  findByNumber(message: string, linkNumber: number): Promise<TrackedLink | null>;
  /** Returns the link with the key of a short link (T-233), or null. */
  findByKey(key: string): Promise<TrackedLink | null>;
}

export interface TrackedLink {
  message_id: string;
  url: string;
}
