import type { Feature } from "../../commands/shared/feature.js";

/** Copies, updates and prunes stores, and keeps their snapshots. */
export const store: Feature = {
  commands: {
    prune: async () => (await import("./prune.js")).registerPrune,
    store: async () => (await import("./command.js")).registerStore,
  },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
  loadCompletions: async () => (await import("./completions.js")).COMPLETIONS,
  helpTopics: { store: async () => (await import("./help-topic.js")).STORE_TOPIC },
};
