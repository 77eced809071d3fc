import * as z from "zod/mini";
import { WORK_FIELDS } from "../../../domain/run/work-fields-schema.js";
import { described } from "../../../domain/schema/fields.js";
import { definition, textField, textOrNull, timeField } from "../../../domain/schema/output-fields.js";
import { itemsSchema } from "../../../output/documents/lists.js";
import { keySchema } from "./stored-keys.js";

const storedKeySchema = definition("stored_key", keySchema);

export const keyListSchema = itemsSchema(storedKeySchema);
export const revokedKeySchema = storedKeySchema;
export const issuedKeySchema = z.extend(keySchema, {
  key: textField("The key. It is shown only now, because only its digest is stored."),
});

/** A line of the log: an access, or an event of the server. */
export const serveLogSchema = z.object({
  level: described(z.enum(["debug", "info", "warn", "error"]), "The level."),
  time: timeField("When the line was written."),
  host: textField("The name of the host."),
  pid: described(z.int(), "The process ID."),
  event: described(z.enum(["started", "request", "note", "warning", "error", "stopping", "stopped"]), "What happened."),
  message: textField("The event as text."),
  url: z.optional(textField("The address of the server, in `started`.")),
  metrics_port: z.optional(
    described(z.nullable(z.int()), "The port of probes and metrics, in `started`; null without one."),
  ),
  request_id: z.optional(textOrNull("The ID in the response's header x-request-id.")),
  key_id: z.optional(textOrNull("The ID of the API key; null for a request without a valid one.")),
  method: z.optional(textField("The method of the request.")),
  route: z.optional(textOrNull("The endpoint of the route, without the values of its parameters; null without one.")),
  status: z.optional(described(z.int(), "The status of the response.")),
  ...WORK_FIELDS,
  took_ms: z.optional(described(z.number(), "Milliseconds from the request to its response.")),
  error: z.optional(
    textOrNull(
      "Why a key or a signature is refused, in `request` with status 401, or why the store is not available, with 503.",
    ),
  ),
});
