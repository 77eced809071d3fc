import * as z from "zod/mini";
import { described } from "../schema/fields.js";
import { textField, textOrNull, timeOrNull } from "../schema/output-fields.js";

/** The state of a broadcast in a store (E-399). */
export const broadcastStateSchema = z.object({
  status: described(z.enum(["draft", "scheduled", "sent"]), "The state of the broadcast."),
  scheduled_at: timeOrNull("When the broadcast will be sent, or null."),
  sent_at: timeOrNull("When the broadcast was sent, or null."),
});

export const broadcastViewSchema = z.extend(broadcastStateSchema, {
  key: textField("The broadcast's key."),
  name: textField("The broadcast's name."),
  target_audience_key: textOrNull("The audience in its file, or null."),
  error: textOrNull("The error in its file, or null."),
});
