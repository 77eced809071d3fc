import * as z from "zod/mini";
import { described } from "../schema/fields.js";
import { definition, flagField, textField, textOrNull, timeField } from "../schema/output-fields.js";
import { ACTION_TYPES } from "./source.js";

const actionType = () => described(z.enum(ACTION_TYPES), "The action.");

export const actionOutcomeSchema = z.object({
  action_type: actionType(),
  outcome: described(
    z.enum(["done", "skipped", "failed", "inactive"]),
    "skipped: the event lacks a required value. failed: the action was rejected. inactive: the mapping is switched off.",
  ),
  about: textOrNull("The subject of the action, such as a user's ID or a workflow's key, or null."),
  workflow_run_id: textOrNull("The workflow run that the action started, or null."),
  error: textOrNull("Why the action was not done, or null."),
});

/** An event as logged (E-386). */
export const sourceReceiptSchema = definition(
  "source_event",
  z.object({
    id: textField("The ID of the event."),
    source: textField("The source's key."),
    event_type: textOrNull("The type of the event; null if it has none, and then it has no actions."),
    timestamp: timeField("When the event happened."),
    received_at: timeField("When the event was received."),
    user_id: textOrNull("The user whom the event is about, or null."),
    idempotency_key: textOrNull("The idempotency key of the event, or null."),
    replayed: flagField(
      "Whether an event with the same idempotency key was received within 24 hours. Then nothing else happened.",
    ),
    error: textOrNull("Why the event was not processed, or null."),
    actions: described(z.array(actionOutcomeSchema), "The result of each action, in order."),
  }),
);

/** The result of sending an event. */
export const sentEventSchema = z.extend(sourceReceiptSchema, {
  continued_run_ids: described(
    z.array(z.string()),
    "The IDs of the recipient runs that waited for the event and continued.",
  ),
});

export const sourceViewSchema = z.object({
  key: textField("The source's key."),
  name: textField("The source's name."),
  mappings: described(
    z.array(
      z.object({
        event_type: textField("The type of event."),
        action_type: actionType(),
        active: flagField("Whether the mapping is active."),
        about: textOrNull("The workflow or audience of the action, or null."),
      }),
    ),
    "The actions of the source's events.",
  ),
  error: textOrNull("The error in its file, or null."),
});
