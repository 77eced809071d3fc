import type * as z from "zod/mini";
import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import type { RecipientKey } from "../recipient/recipient.js";
import type { Workflow } from "../workflow/workflow.js";
import type { broadcastStateSchema, broadcastViewSchema } from "./broadcast-view-schema.js";

/** A recipient of a broadcast: a user with a tenant or without one. Each pair is a separate recipient (E-397). */
export interface BroadcastRecipient {
  key: RecipientKey;
  tenant: string | null;
  /** The `data` that only this recipient's messages see (E-398). */
  data: JsonObject | null;
}

/** The recipients of a broadcast. The members of an audience are read when the broadcast is sent. */
export type BroadcastTarget = { audience: string } | { all_users: true } | { recipients: BroadcastRecipient[] };

/** A workflow run for an audience, sent once, from `broadcasts/<key>/broadcast.json` (section 28 of the catalog). */
export interface Broadcast {
  key: string;
  /** Its steps and settings as a workflow, with defaults for the other fields. */
  definition: Workflow;
  /** The audience that the file names. */
  target_audience_key: string | null;
  /** The time at which the file sends the broadcast, in milliseconds. */
  scheduled_at: number | null;
}

/** The state of a broadcast in a store (E-399). */
export type BroadcastState = z.infer<typeof broadcastStateSchema>;

export type BroadcastView = z.infer<typeof broadcastViewSchema>;

/** Returns the state of a broadcast that was scheduled or sent. Times are in milliseconds (E-399). */
export function buildBroadcastState(times: { scheduled: number | null; sent: number | null }): BroadcastState {
  const iso = (at: number | null): string | null => (at === null ? null : toIsoTime(at));
  const status = times.scheduled === null ? "sent" : "scheduled";
  return { status, scheduled_at: iso(times.scheduled), sent_at: iso(times.sent) };
}

/**
 * Returns whether a broadcast can be sent or scheduled. It is sent once, unless `isResend` is true. `state` is null for
 * a draft (E-399).
 */
export function canSend(state: Pick<BroadcastState, "status"> | null, isResend: boolean): boolean {
  if (state === null || state.status === "draft") return true;
  return state.status === "sent" && isResend;
}
