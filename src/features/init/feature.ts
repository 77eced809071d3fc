import type { Feature } from "../../commands/shared/feature.js";

/** Creates projects. */
export const init: Feature = {
  commands: { init: async () => (await import("./command.js")).registerInit },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
