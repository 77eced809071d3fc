import type { JsonObject } from "../../util/json.js";
import type { BroadcastTarget } from "../audience/broadcast.js";
import type { RecipientKey } from "../recipient/recipient.js";

/** Subscribers of subscribers are reached, theirs no more (E-056, E-057). */
export const MAX_FAN_OUT_DEPTH = 2;

/** What of an accepted trigger has still to be turned into recipient runs. */
export interface FanOutState {
  /** Listed recipients whose runs are not made yet, in order; with the data only their run sees (E-042). */
  listed: { key: RecipientKey; trigger_data: JsonObject | null }[];
  /** Objects whose subscribers are not read yet, breadth first (EQ-11); `depth` 1 for a listed one. */
  objects: { key: RecipientKey; depth: number }[];
  /** Where the first object's subscribers go on; null at their start. */
  after: number | null;
  /** Of a broadcast that is to be sent: whom it is for, which becomes `listed` when it is due (E-397). */
  target?: BroadcastTarget;
}

export function isFanOutComplete({ listed, objects }: FanOutState): boolean {
  return listed.length === 0 && objects.length === 0;
}
