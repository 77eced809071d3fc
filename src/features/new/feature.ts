import type { Feature } from "../../commands/shared/feature.js";

/** Creates workflows, layouts, partials, translations and sources from the package's templates. */
export const newFiles: Feature = {
  commands: { new: async () => (await import("./command.js")).registerNew },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
