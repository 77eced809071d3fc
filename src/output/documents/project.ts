import * as z from "zod/mini";
import { stepPreviewSchema } from "../../domain/run/step-preview-schema.js";
import { described } from "../../domain/schema/fields.js";
import { textField } from "../../domain/schema/output-fields.js";
import { workflowViewSchema } from "../../domain/workflow/workflow-view-schema.js";
import { contentSchema } from "./contents.js";
import { recipientRunSchema } from "./runs.js";

export const workflowSchema = z.extend(workflowViewSchema, {
  last_run: described(z.nullable(recipientRunSchema), "The newest recipient run in the local store, or null."),
});

export const previewSchema = z.object({
  items: described(
    z.array(
      z.extend(stepPreviewSchema, {
        contents: described(z.array(contentSchema), "The content documents, one for each destination."),
      }),
    ),
    "The rendered steps.",
  ),
});

export const createdProjectSchema = z.object({
  files: described(z.array(z.string()), "Paths of the files that were written, relative to the working directory."),
  changed: described(z.array(z.string()), "Paths of files of which a part was replaced, with --agents."),
  kept: described(z.array(z.string()), "Paths of files that existed and were not changed."),
});

export const profilesPathSchema = z.object({ path: textField("The path of the profiles file.") });
