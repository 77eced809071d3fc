import type { Feature } from "../../commands/shared/feature.js";

/** Explains which rule decides whether a recipient gets a message. */
export const why: Feature = {
  commands: { why: async () => (await import("./command.js")).registerWhy },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
