import type { Feature } from "../../commands/shared/feature.js";

/** Completes command lines in shells. */
export const completion: Feature = {
  commands: { completion: async () => (await import("./command.js")).registerCompletion },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
