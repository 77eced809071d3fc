import type { Feature } from "../../commands/shared/feature.js";

/** Estimates the messages of many triggers. */
export const forecast: Feature = {
  commands: { forecast: async () => (await import("./command.js")).registerForecast },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
};
