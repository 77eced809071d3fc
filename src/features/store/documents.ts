import { describeDocument, type OutputDocument } from "../../output/documents/describe-document.js";
import { pruneReportSchema } from "./prune-schema.js";
import { snapshotDiffSchema } from "./snapshots/diff-schema.js";
import {
  deletedSnapshotSchema,
  restoredSnapshotSchema,
  savedSnapshotSchema,
  snapshotListSchema,
} from "./snapshots/snapshot-schemas.js";
import { migratedStoreSchema, storeCopySchema } from "./store-schema.js";

/** The JSON documents that the feature prints. */
export const DOCUMENTS: readonly OutputDocument[] = [
  describeDocument("prune", "Deleted rows", "The numbers of deleted rows.", pruneReportSchema),
  describeDocument("store copy", "Copied store", "The rows of each table and their digest.", storeCopySchema),
  describeDocument("store migrate", "Updated store", "The store.", migratedStoreSchema),
  describeDocument("store snapshot save", "Saved snapshot", "The snapshot.", savedSnapshotSchema),
  describeDocument("store snapshot list", "Snapshots", "The snapshots of the store.", snapshotListSchema),
  describeDocument("store snapshot restore", "Restored snapshot", "The snapshot.", restoredSnapshotSchema),
  describeDocument("store snapshot diff", "Differences of a snapshot", "The differences.", snapshotDiffSchema),
  describeDocument("store snapshot delete", "Deleted snapshot", "The name of the snapshot.", deletedSnapshotSchema),
];
