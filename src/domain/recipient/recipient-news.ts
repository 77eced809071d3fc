import { type RecipientKey, splitKey, USERS } from "./recipient.js";

/** What a write changed of a recipient. */
interface RecipientChange {
  isNew: boolean;
  properties: boolean;
  /** Preferences or channel data. */
  parts: boolean;
}

/** Who must follow a written recipient. */
interface RecipientNews {
  /** Dynamic audiences, which users enter and leave by their properties (E-334, E-387). */
  audiences: boolean;
  /** Runs that wait for an update of the recipient (E-335). */
  runs: boolean;
}

export function newsOfRecipient(key: RecipientKey, { isNew, properties, parts }: RecipientChange): RecipientNews {
  return {
    audiences: (isNew || properties) && splitKey(key).collection === USERS,
    runs: !isNew && (properties || parts),
  };
}
