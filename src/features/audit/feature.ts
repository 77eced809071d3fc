import type { Feature } from "../../commands/shared/feature.js";

/** Lists users and objects of the account, or of the local store, who would receive no messages. */
export const audit: Feature = {
  commands: { audit: async () => (await import("./command.js")).registerAudit },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
