import type { Feature } from "../../commands/shared/feature.js";

/** Serves tools to coding agents. */
export const mcp: Feature = {
  commands: { mcp: async () => (await import("./command.js")).registerMcp },
  loadDocuments: async () => [],
  loadHttpServices: async () => [(await import("./http-service.js")).MCP_SERVICE],
};
