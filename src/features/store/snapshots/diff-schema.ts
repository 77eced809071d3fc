import * as z from "zod/mini";
import { described } from "../../../domain/schema/fields.js";
import { countField, definition, jsonValue, textField, textOrNull } from "../../../domain/schema/output-fields.js";

const changeField = () =>
  described(z.enum(["added", "changed", "removed"]), "The kind of difference, from the first one to the second one.");
const recipientField = () => textField("The recipient: a user's ID, or `<collection>/<id>`.");

const fieldChangeSchema = definition(
  "field_change",
  z.object({
    path: textField("The path of the value, such as `plan`."),
    before: described(
      z.optional(jsonValue("A value.")),
      "The value before; absent for a new value and for channel data.",
    ),
    after: described(
      z.optional(jsonValue("A value.")),
      "The value after; absent for a removed value and for channel data.",
    ),
  }),
);

const fieldsField = () => described(z.array(fieldChangeSchema), "The values that differ. Empty unless it was changed.");

const kindSchema = <T extends z.ZodMiniType>(item: T, description: string) =>
  described(
    z.object({
      added: countField("The number of those that only the second one has."),
      changed: countField("The number of those that differ."),
      removed: countField("The number of those that only the first one has."),
      items: described(z.array(item), "The first differences, up to --limit."),
    }),
    description,
  );

const statusFields = () => ({
  before: textOrNull("The status before, or null."),
  after: textOrNull("The status after, or null."),
});

/** The schema of what `knock store snapshot diff --json` prints. */
export const snapshotDiffSchema = z.object({
  before: textField("The name of the first snapshot."),
  after: textOrNull("The name of the second snapshot; null for the store as it is now."),
  recipients: kindSchema(
    z.object({ change: changeField(), recipient: recipientField(), fields: fieldsField() }),
    "Users, objects and tenants whose properties or channel data differ.",
  ),
  preferences: kindSchema(
    z.object({ change: changeField(), recipient: recipientField(), fields: fieldsField() }),
    "Recipients whose preferences differ.",
  ),
  runs: kindSchema(
    z.object({
      change: changeField(),
      id: textField("The ID of the recipient run."),
      workflow: textField("The key of the workflow."),
      recipient: recipientField(),
      ...statusFields(),
    }),
    "Runs of a recipient that differ.",
  ),
  messages: kindSchema(
    z.object({
      change: changeField(),
      id: textField("The ID of the message."),
      workflow: textField("The key of the workflow."),
      step: textField("The ref of the step."),
      channel: textField("The key of the channel."),
      recipient: recipientField(),
      ...statusFields(),
    }),
    "Messages that differ. The status includes what the recipient did, such as `delivered seen`.",
  ),
});

export type SnapshotDiff = z.infer<typeof snapshotDiffSchema>;
export type FieldChange = z.infer<typeof fieldChangeSchema>;
