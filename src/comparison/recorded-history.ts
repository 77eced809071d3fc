import type { AudienceMembership } from "../domain/audience/audience.js";
import type { EngagementAction } from "../domain/message/message.js";
import type { RecipientKey, RecipientReference } from "../domain/recipient/recipient.js";
import type { OccurredEvent } from "../domain/run/occurred-event.js";
import type { RecordedResponse, RequestOrigin } from "../domain/run/recorded-response.js";
import type { Cancellation, Trigger } from "../domain/trigger/trigger.js";
import type { JsonObject } from "../util/json.js";

/** A trigger of the past. `at` is in milliseconds. */
export interface RecordedTrigger {
  /** The ID of its workflow run, or the file and line that contain it. */
  name: string;
  at: number;
  trigger: Trigger;
  branch: string | null;
}

/** A cancellation of the past. `at` is in milliseconds. */
export interface RecordedCancellation {
  at: number;
  cancellation: Cancellation;
  /** The names of the triggers whose runs it ended. */
  triggers: ReadonlySet<string>;
}

/** An engagement with a message of the past, such as `read`. `at` is in milliseconds. */
export interface RecordedEngagement {
  at: number;
  action: EngagementAction;
  message: SentMessage;
}

/** An event of the past that ended a wait, or that a waiting run checked. `at` is when it did, in milliseconds. */
export interface RecordedEvent {
  at: number;
  occurred: OccurredEvent;
  /** The names of the triggers whose runs checked it. */
  triggers: ReadonlySet<string>;
}

/** A request of a step in the past, with its result. */
export interface RecordedRequest {
  origin: RequestOrigin;
  /** The type of the step. */
  type: string;
  /** The request itself, with the method in lower case; absent if the store or the account did not keep it. */
  request?: { method: string; url: string };
  /** The status of the response, if one was kept. */
  status?: number;
  response: RecordedResponse;
}

/** A change of a static audience by a step. */
export interface RecordedMembership extends AudienceMembership {
  audience: string;
  /** Whether the recipient was a member before. */
  wasMember: boolean;
}

/** A message that was created, in the past or in a replay. */
export interface SentMessage {
  id: string;
  /** The name of the trigger; null if a step, an audience or a schedule started the run during the replay. */
  trigger: string | null;
  recipient: RecipientReference;
  workflow: string;
  step: string;
  channel: { key: string; type: string };
  tenant: string | null;
  /** The delivery status, as the store or the API reports it. */
  status: string;
  /** When it was created, in milliseconds. */
  at: number;
  /** When its send window opens, in milliseconds. Absent if it was sent at once. */
  scheduledAt?: number;
  /** The delay of the steps before it, in milliseconds. Absent if they ran in time. */
  lateness?: number;
  /** The `data` of the API's content document. */
  content: JsonObject;
  /** Whether the content is no longer available, so that it is not compared. */
  isContentUnknown?: true;
  /** The ID of its workflow run. Like the IDs of the message and of its recipient run, it is never the same twice. */
  workflowRunId: string;
  recipientRunId: string;
}

/** The triggers and their effects that a store, a file or an account contains. */
export interface RecordedHistory {
  triggers: readonly RecordedTrigger[];
  cancellations: readonly RecordedCancellation[];
  engagements: readonly RecordedEngagement[];
  /** The events that did not come from the runs of the triggers. */
  events: readonly RecordedEvent[];
  requests: readonly RecordedRequest[];
  /** Sorted by time. */
  memberships: readonly RecordedMembership[];
  /** The messages that the triggers led to; null if they are not known. */
  messages: readonly SentMessage[] | null;
  /** The time until which the messages are known, in milliseconds; null if the replay ends when no work is pending. */
  until: number | null;
  /** The time from which the messages of a run are not known, because it still waits. By {@link toRunKey}. */
  unknownFrom: ReadonlyMap<string, number>;
  /** Whether messages of runs that a step started are unknown, so that they are not compared. */
  ignoresStepRuns?: boolean;
  /** The known gaps, one sentence each. */
  notes: readonly string[];
}

/** The history of triggers about which nothing else is known. */
export const NO_HISTORY: RecordedHistory = {
  triggers: [],
  cancellations: [],
  engagements: [],
  events: [],
  requests: [],
  memberships: [],
  messages: null,
  until: null,
  unknownFrom: new Map(),
  notes: [],
};

/** Returns the key of the runs of a recipient that a trigger led to. */
export function toRunKey(trigger: string | null, recipient: RecipientKey): string {
  return JSON.stringify([trigger, recipient]);
}

/** The time range and the workflows of the triggers to replay. Times are in milliseconds; both bounds are included. */
export interface ReplayRange {
  since: number | null;
  until: number | null;
  /** Empty for all workflows. */
  workflows: readonly string[];
}

export function isInRange({ since, until, workflows }: ReplayRange, at: number, workflow: string): boolean {
  return (
    (since === null || at >= since) &&
    (until === null || at <= until) &&
    (workflows.length === 0 || workflows.includes(workflow))
  );
}
