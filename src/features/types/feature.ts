import type { Feature } from "../../commands/shared/feature.js";

/** Generates types of trigger data. */
export const types: Feature = {
  commands: { types: async () => (await import("./command.js")).registerTypes },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
