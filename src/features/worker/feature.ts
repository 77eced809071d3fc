import type { Feature } from "../../commands/shared/feature.js";

/** Runs due work until it is stopped, alone or with other workers of a database. */
export const worker: Feature = {
  commands: { worker: async () => (await import("./command.js")).registerWorker },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
