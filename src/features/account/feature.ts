import type { Feature } from "../../commands/shared/feature.js";

/** Compares, pulls and pushes the resources of an account with the management API. */
export const account: Feature = {
  commands: {
    plan: async () => (await import("./plan-command.js")).registerPlan,
  },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
  loadCompletions: async () => (await import("./completions.js")).COMPLETIONS,
};
