import type { Feature } from "../../commands/shared/feature.js";

/** Serves the API locally. */
export const dev: Feature = {
  // The program registers the command, because it serves parts of other features.
  commands: { dev: async () => (await import("./command.js")).registerDev },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
