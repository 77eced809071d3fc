import type { Feature } from "../../commands/shared/feature.js";

/** Tests workflows with scenarios. */
export const test: Feature = {
  commands: { test: async () => (await import("./command.js")).registerTest },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
  loadFileSchemas: async () => (await import("../../scenarios/file-schemas.js")).FILE_SCHEMAS,
  loadCompletions: async () => (await import("./completions.js")).COMPLETIONS,
};
