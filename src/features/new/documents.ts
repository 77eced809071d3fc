import * as z from "zod/mini";
import { described } from "../../domain/schema/fields.js";
import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";

const createdFilesSchema = z.object({
  files: described(z.array(z.string()), "Paths of the files that were written, relative to the working directory."),
  next: described(z.array(z.string()), "Commands that try what was created."),
});

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("new", "Created files", "The files that were created.", createdFilesSchema),
];
