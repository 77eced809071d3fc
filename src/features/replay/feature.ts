import type { Feature } from "../../commands/shared/feature.js";

/** Runs past triggers against changed workflows. */
export const replay: Feature = {
  commands: { replay: async () => (await import("./command.js")).registerReplay },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
