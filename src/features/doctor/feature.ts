import type { Feature } from "../../commands/shared/feature.js";

/** Checks the installation and the settings. */
export const doctor: Feature = {
  commands: { doctor: async () => (await import("./command.js")).registerDoctor },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
