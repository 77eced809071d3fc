import type { Feature } from "../../commands/shared/feature.js";

/** Triggers the lines of a file or stream, for `knock notify`. */
export const bulk: Feature = {
  commands: {},
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
