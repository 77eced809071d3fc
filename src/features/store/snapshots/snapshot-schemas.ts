import * as z from "zod/mini";
import { described } from "../../../domain/schema/fields.js";
import { countField, flagField, textField, textOrNull, timeField } from "../../../domain/schema/output-fields.js";
import { itemsSchema } from "../../../output/documents/lists.js";

const nameField = () => textField("The name of the snapshot.");
const storeField = () => textField("The file of the store.");

const fileFields = () => ({
  name: nameField(),
  file: textField("The file of the snapshot."),
  saved_at: timeField("When the snapshot was saved, in real time."),
  size_bytes: countField("The size of the file."),
});

const contentFields = () => ({
  clock: described(
    z.object({
      now: timeField("The time of the store's clock when the snapshot was saved."),
      frozen: flagField("Whether the clock stands still."),
    }),
    "The clock of the store.",
  ),
  users: countField("The number of users."),
  runs: countField("The number of runs of a recipient."),
  messages: countField("The number of messages."),
});

const snapshotSchema = z.object({ ...fileFields(), ...contentFields() });

/** The schema of what `knock store snapshot save --json` prints. */
export const savedSnapshotSchema = z.object({
  ...fileFields(),
  ...contentFields(),
  replaced: flagField("Whether a snapshot with the same name was replaced."),
});

/** The schema of what `knock store snapshot list --json` prints. */
export const snapshotListSchema = itemsSchema(
  z.object({
    ...fileFields(),
    contents: described(
      z.nullable(z.object(contentFields())),
      "The contents of the snapshot; null if the file cannot be read.",
    ),
    problem: textOrNull("Why the file cannot be restored, or null."),
  }),
);

/** The schema of what `knock store snapshot restore --json` prints. */
export const restoredSnapshotSchema = z.object({ ...fileFields(), ...contentFields(), store: storeField() });

/** The schema of what `knock store snapshot delete --json` prints. */
export const deletedSnapshotSchema = z.object({ name: nameField(), deleted: flagField("Whether it was deleted.") });

export type Snapshot = z.infer<typeof snapshotSchema>;
export type ListedSnapshot = z.infer<typeof snapshotListSchema>["items"][number];
