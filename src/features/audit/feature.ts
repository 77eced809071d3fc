import type { Feature } from "../../commands/shared/feature.js";

/** Lists users of the account who would receive no messages. */
export const audit: Feature = {
  commands: { audit: async () => (await import("./command.js")).registerAudit },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
