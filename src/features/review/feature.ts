import type { Feature } from "../../commands/shared/feature.js";

/** Shows what a change of the files does to people. */
export const review: Feature = {
  commands: { review: async () => (await import("./command.js")).registerReview },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
