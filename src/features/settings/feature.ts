import type { Feature } from "../../commands/shared/feature.js";

/** Stores keys and settings in profiles. */
export const settings: Feature = {
  commands: {
    auth: async () => (await import("./auth.js")).registerAuth,
    config: async () => (await import("./config.js")).registerConfig,
  },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
