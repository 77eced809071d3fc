import { getKeys } from "../../../util/json.js";
import type { ReporterDefinition } from "./reporter.js";

/** Every reporter of `knock test`. Each is loaded when it is used. */
export const REPORTERS = {
  terminal: {
    hasDocument: true,
    load: async () => (await import("./terminal.js")).createTerminalReporter,
  },
  junit: {
    hasDocument: true,
    load: async () => (await import("./junit.js")).createJunitReporter,
  },
  tap: {
    hasDocument: true,
    load: async () => (await import("./tap.js")).createTapReporter,
  },
  json: {
    hasDocument: true,
    load: async () => (await import("./json.js")).createJsonReporter,
  },
  html: {
    hasDocument: true,
    needsDetails: true,
    load: async () => (await import("./html.js")).createHtmlReporter,
  },
  github: {
    hasDocument: false,
    load: async () => (await import("./github.js")).createGitHubReporter,
  },
} as const satisfies Record<string, ReporterDefinition>;

export type ReporterName = keyof typeof REPORTERS;

export const REPORTER_NAMES = getKeys(REPORTERS);

/** A reporter that the user selected. */
export interface SelectedReporter {
  name: ReporterName;
  /** The path of the file as typed; null prints to standard output. */
  file: string | null;
}
