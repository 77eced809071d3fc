import type { Feature } from "../../commands/shared/feature.js";

/** Prints what happens in a store. */
export const logs: Feature = {
  commands: { logs: async () => (await import("./command.js")).registerLogs },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
