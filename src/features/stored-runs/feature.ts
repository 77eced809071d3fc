import type { Feature } from "../../commands/shared/feature.js";

/** Makes scenarios of stored runs and runs them again, for `knock runs`. */
export const storedRuns: Feature = {
  commands: {},
  loadHttpServices: async () => (await import("./http-services.js")).RUN_SERVICES,
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
