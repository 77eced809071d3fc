import type { Feature } from "../../commands/shared/feature.js";

/** Serves the API locally. */
export const dev: Feature = {
  // The program registers the command, because it serves parts of other features.
  commands: {
    dev: async () => (await import("./command.js")).registerDev,
    serve: async () => (await import("./serve/serve-command.js")).registerServe,
    keys: async () => (await import("./serve/keys-command.js")).registerKeys,
  },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
