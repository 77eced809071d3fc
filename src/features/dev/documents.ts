import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { devLogSchema, readyFileSchema, serverSchema } from "./dev-schemas.js";
import { issuedKeySchema, keyListSchema, revokedKeySchema, serveLogSchema } from "./serve/serve-schemas.js";

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
  describeDocument("serve", "Log of the server", "One line for each request and each event.", serveLogSchema, {
    suffix: "log",
    isStream: true,
  }),
  describeDocument("keys create", "A new key", "The key.", issuedKeySchema),
  describeDocument("keys rotate", "A replaced key", "The new key.", issuedKeySchema),
  describeDocument("keys list", "The keys of a store", "The keys of all environments.", keyListSchema),
  describeDocument("keys revoke", "A revoked key", "The key.", revokedKeySchema),
];
