import type { Completions } from "../../commands/shared/feature.js";

export const COMPLETIONS: Completions = {
  options: {},
  arguments: {
    channel: async (project) =>
      Object.entries((await project.environment()).channels).map(([name, channel]) => ({
        name,
        description: channel?.provider ?? "",
      })),
  },
};
