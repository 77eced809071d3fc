import * as z from "zod/mini";
import { described } from "../../domain/schema/fields.js";
import { flagField, textField, textOrNull, timeField, timeOrNull } from "../../domain/schema/output-fields.js";

export const serverSchema = z.object({
  url: textField("The base URL of the API."),
  port: described(z.int(), "The port."),
  store: textField("The location of the store."),
});

export const readyFileSchema = z.object({
  url: textField("The base URL of the API."),
  port: described(z.int(), "The port."),
  pid: described(z.int(), "The process ID of `knock dev`."),
});

/** A request as the log of `knock dev` prints it. */
export const loggedRequestSchema = z.object({
  method: textField("The HTTP method, or JOIN for a rejected channel of a WebSocket connection."),
  path: textField("The path with its query."),
  status: described(z.int(), "The HTTP status of the response."),
  took_ms: described(z.number(), "Milliseconds from the request to its response."),
  workflow_run_id: textOrNull("The workflow run that the request started, or null."),
  error: textOrNull("The reason and a hint if the request was rejected, otherwise null."),
  warnings: z.optional(described(z.array(z.string()), "Warnings about an accepted request. Absent without warnings.")),
});

export type LoggedRequest = z.infer<typeof loggedRequestSchema>;

/** A change of a project's file. */
export const projectChangeSchema = z.object({
  kind: textField("The kind of entry, such as workflow or recipients."),
  key: textOrNull("The key of the entry; null for a kind with one entry."),
  branch: textOrNull("The branch, or null for the main files."),
  change: described(z.enum(["added", "changed", "removed", "broken", "fixed"]), "The change."),
  error: textOrNull("The error in the file, or null."),
  kept: flagField("Whether the last valid version of a broken entry stays active."),
});

export type ProjectChangeDocument = z.infer<typeof projectChangeSchema>;

const attemptSchema = z.object({
  at: timeField("When the attempt was made, in real time."),
  status: described(z.nullable(z.int()), "The HTTP status; null without a response."),
  error: textOrNull("Why the attempt failed, or null."),
  duration_ms: described(z.number(), "Milliseconds until the response."),
});

export type WebhookAttempt = z.infer<typeof attemptSchema>;

/** A webhook delivery after an attempt. */
const webhookDeliverySchema = z.object({
  id: textField("The ID of the delivery."),
  url: textField("The URL without its query."),
  type: textField("The type of the event."),
  state: described(z.enum(["pending", "delivered", "dropped"]), "The state of the delivery."),
  attempts: described(z.array(attemptSchema), "The attempts so far."),
  next_attempt_at: timeOrNull("When the next attempt is made, in real time, or null."),
});

/** One line of the log. Each line has one of the three fields. */
export const devLogSchema = z.union([
  z.object({ request: described(loggedRequestSchema, "A request and its response.") }),
  z.object({ change: described(projectChangeSchema, "A change of a project's file.") }),
  z.object({ webhook: described(webhookDeliverySchema, "An attempt to deliver an event to a webhook.") }),
]);
