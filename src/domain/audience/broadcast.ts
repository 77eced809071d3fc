import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import type { RecipientKey } from "../recipient/recipient.js";
import type { Workflow } from "../workflow/workflow.js";

/** A user whom a broadcast is listed for, in a tenant or in none: each pair is a recipient of its own (E-397). */
export interface BroadcastRecipient {
  key: RecipientKey;
  tenant: string | null;
  /** What only this recipient's messages see as `data` (E-398). */
  data: JsonObject | null;
}

/** Whom a broadcast is for; who is in an audience is known when it is sent. */
export type BroadcastTarget = { audience: string } | { all_users: true } | { recipients: BroadcastRecipient[] };

/** One message for many, once (section 28 of the catalogue): `broadcasts/<key>/broadcast.json`. */
export interface Broadcast {
  key: string;
  /** Its steps and settings, with what a workflow has beside. */
  definition: Workflow;
  /** The audience that the file names. */
  target_audience_key: string | null;
  /** When the file says that it is to be sent, in milliseconds. */
  scheduled_at: number | null;
}

type BroadcastStatus = "draft" | "scheduled" | "sent";

/** Where a broadcast stands in a store (E-399). */
export interface BroadcastState {
  status: BroadcastStatus;
  /** ISO 8601. */
  scheduled_at: string | null;
  sent_at: string | null;
}

export interface BroadcastView extends BroadcastState {
  key: string;
  name: string;
  target_audience_key: string | null;
  /** What is wrong with its file; null where nothing is. */
  error: string | null;
}

/** Returns where a broadcast stands that was scheduled or sent; times in milliseconds (E-399). */
export function buildBroadcastState(times: { scheduled: number | null; sent: number | null }): BroadcastState {
  const iso = (at: number | null): string | null => (at === null ? null : toIsoTime(at));
  const status = times.scheduled === null ? "sent" : "scheduled";
  return { status, scheduled_at: iso(times.scheduled), sent_at: iso(times.sent) };
}

/** Returns whether a broadcast may be sent or scheduled: it goes out once, unless it is sent again on purpose (E-399). `state` is null for a draft. */
export function canSend(state: Pick<BroadcastState, "status"> | null, isResend: boolean): boolean {
  if (state === null || state.status === "draft") return true;
  return state.status === "sent" && isResend;
}
