import type { Feature } from "../../commands/shared/feature.js";

/** Compares, pulls and pushes the resources of an account with the management API. */
export const account: Feature = {
  commands: {
    plan: async () => (await import("./plan-command.js")).registerPlan,
    pull: async () => (await import("./pull-command.js")).registerPull,
    push: async () => (await import("./push-command.js")).registerPush,
    promote: async () => (await import("./promote-command.js")).registerPromote,
    branches: async () => (await import("./branches-command.js")).registerBranches,
  },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
  loadCompletions: async () => (await import("./completions.js")).COMPLETIONS,
};
