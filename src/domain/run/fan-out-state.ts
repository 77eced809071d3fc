import type { JsonObject } from "../../util/json.js";
import type { BroadcastTarget } from "../audience/broadcast.js";
import type { RecipientKey } from "../recipient/recipient.js";

/** Limits the fan-out: subscribers of subscribers are reached, their subscribers are not (E-056, E-057). */
export const MAX_FAN_OUT_DEPTH = 2;

/** The recipients of an accepted trigger that do not have a recipient run yet. */
export interface FanOutState {
  /** Listed recipients without a run, in order, each with the data that only its run sees (E-042). */
  listed: { key: RecipientKey; trigger_data: JsonObject | null }[];
  /** Objects whose subscribers have not been read, breadth first (EQ-11). A listed object has `depth` 1. */
  objects: { key: RecipientKey; depth: number }[];
  /** The cursor of the next page of the first object's subscribers; null for the first page. */
  after: number | null;
  /** The recipients of a scheduled broadcast, which become `listed` when it is due (E-397). */
  target?: BroadcastTarget;
  /** The recipients for whom the trigger was canceled before their run began (E-355). */
  canceled?: "all" | RecipientKey[];
}

export function isFanOutComplete({ listed, objects }: FanOutState): boolean {
  return listed.length === 0 && objects.length === 0;
}

/** Returns a fan-out after its cancellation for some recipients, or for all if `recipients` is null. */
export function cancelFanOut(state: FanOutState, recipients: readonly RecipientKey[] | null): FanOutState {
  if (recipients === null || state.canceled === "all") return { ...state, canceled: "all" };
  return { ...state, canceled: [...new Set([...(state.canceled ?? []), ...recipients])] };
}

/**
 * Returns whether the cancellation for some recipients, or for all if `recipients` is null, changes what a fan-out does. The
 * subscribers of objects and the recipients of a broadcast are not known yet, so it may.
 */
export function canCancelFanOut(state: FanOutState, recipients: readonly RecipientKey[] | null): boolean {
  if (state.canceled === "all") return false;
  if (recipients === null) return true;
  const others = recipients.filter((recipient) => !isCanceledFor(state, recipient));
  if (state.objects.length > 0 || state.target !== undefined) return others.length > 0;
  return state.listed.some(({ key }) => others.includes(key));
}

/** Returns whether a recipient's run is canceled as soon as the fan-out reaches the recipient. */
export function isCanceledFor({ canceled }: FanOutState, recipient: RecipientKey): boolean {
  return canceled === "all" || canceled?.includes(recipient) === true;
}
