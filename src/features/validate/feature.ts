import type { Feature } from "../../commands/shared/feature.js";

/** Checks the project's files. */
export const validate: Feature = {
  commands: { validate: async () => (await import("./command.js")).registerValidate },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
