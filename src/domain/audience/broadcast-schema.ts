import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { parseTimestamp } from "../condition/parse-timestamp.js";
import {
  checkedString,
  choice,
  described,
  flag,
  nonEmptyString,
  optional,
  schemaReference,
  text,
} from "../schema/fields.js";
import { workflowSchema } from "../workflow/workflow-schema.js";

const describeInvalidTime = (time: string): string | null =>
  parseTimestamp(time) === undefined ? "must be a time such as 2030-06-04T18:00:00Z" : null;

/**
 * The schema of a `broadcast.json` whose template files have been inserted (section 17 of the format, E-396, E-401,
 * decision 18).
 */
export const broadcastSchema = once(() => {
  const time = (description: string, example?: unknown) =>
    described(optional(checkedString(describeInvalidTime)), description, example);
  const { name, categories, tags, goal_attachment, steps, description } = workflowSchema().shape;
  const settings = z.strictObject({
    is_commercial: flag("Whether its messages are commercial (default: true)."),
    override_preferences: flag("Whether preferences are ignored (default: false)."),
  });
  return described(
    z.strictObject({
      $schema: schemaReference(),
      key: text("The key of the broadcast: the name of its folder.", "history-launch"),
      name,
      description: described(description, "The purpose of the broadcast.", "Announces the history of pages"),
      categories,
      tags,
      settings: described(optional(settings), "Settings of the broadcast."),
      steps: described(steps, "The steps of the broadcast, in order."),
      goal_attachment,
      target_audience_key: described(
        optional(nonEmptyString()),
        "The audience to send to, unless a flag names recipients.",
        "beta",
      ),
      scheduled_at: time("When to send, in ISO 8601, unless a flag gives a time.", "2030-06-04T18:00:00Z"),
      status: choice(["draft", "scheduled", "sent"], "Written by the hosted service. It has no effect locally."),
      sent_at: time("Written by the hosted service. It has no effect locally."),
    }),
    "A broadcast: one message to many recipients, sent once.",
  );
});
