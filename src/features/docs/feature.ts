import type { Feature } from "../../commands/shared/feature.js";

/** Prints and searches the installed documentation. Its command also finds the topics of `knock help`, so the program adds it. */
export const docs: Feature = {
  commands: {},
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
  loadCompletions: async () => (await import("./completions.js")).COMPLETIONS,
};
