import type { Feature } from "../../commands/shared/feature.js";

/** Makes scenarios of stored runs and runs them again, for `knock runs`. */
export const storedRuns: Feature = {
  commands: {},
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
