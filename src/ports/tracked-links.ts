/** Finds the targets of links in tracked messages, whichever process created them (T-234). */
export interface TrackedLinks {
  /** Returns null if the message or the number does not exist. */
  findByNumber(message: string, linkNumber: number): Promise<TrackedLink | null>;
  /** Returns the link with the key of a short link (T-233), or null. */
  findByKey(key: string): Promise<TrackedLink | null>;
}

export interface TrackedLink {
  message_id: string;
  /** When the message was created, in milliseconds. */
  inserted_at: number;
  /** The index of the link in the message. */
  number: number;
  url: string;
}
