import type { Feature } from "../../commands/shared/feature.js";

/** Lists the channels of the project, and sends test messages through them. */
export const channels: Feature = {
  commands: { channels: async () => (await import("./command.js")).registerChannels },
  loadDocuments: async () => (await import("./documents.js")).DOCUMENTS,
  loadCompletions: async () => (await import("./completions.js")).COMPLETIONS,
};
