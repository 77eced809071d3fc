import type { Feature } from "../../commands/shared/feature.js";

/** Compares a trigger on the local target with the account. */
export const diff: Feature = {
  commands: { diff: async () => (await import("./command.js")).registerDiff },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
