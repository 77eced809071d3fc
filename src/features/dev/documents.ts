import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { devLogSchema, readyFileSchema, serverSchema } from "./dev-schemas.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("dev", "Running server", "One line when the server accepts requests.", serverSchema),
  describeDocument(
    "dev",
    "Log of the server",
    "One line for each request, for each change of a project file, and for each attempt of a webhook.",
    devLogSchema,
    { suffix: "log", place: "standard error", isStream: true },
  ),
  describeDocument("dev", "Ready file", "The file of --ready-file, with and without --json.", readyFileSchema, {
    suffix: "ready-file",
    place: "a file",
  }),
];
