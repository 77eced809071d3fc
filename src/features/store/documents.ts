import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { pruneReportSchema } from "./prune-schema.js";
import { migratedStoreSchema, storeCopySchema } from "./store-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("prune", "Deleted rows", "The numbers of deleted rows.", pruneReportSchema),
  describeDocument("store copy", "Copied store", "The rows of each table and their digest.", storeCopySchema),
  describeDocument("store migrate", "Updated store", "The store.", migratedStoreSchema),
];
