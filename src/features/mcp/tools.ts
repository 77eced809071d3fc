import type { Tool } from "./tool.js";
import { clock } from "./tools/clock.js";
import { compare } from "./tools/compare.js";
import { docs } from "./tools/docs.js";
import { explain } from "./tools/explain.js";
import { faultsAndReset } from "./tools/faults-and-reset.js";
import { listWorkflows } from "./tools/list-workflows.js";
import { messages } from "./tools/messages.js";
import { preview } from "./tools/preview.js";
import { runScenarios } from "./tools/run-scenarios.js";
import { trigger } from "./tools/trigger.js";
import { validate } from "./tools/validate.js";

/** Every tool, in the order of a usual session. */
export const TOOLS: readonly Tool[] = [
  listWorkflows,
  trigger,
  explain,
  messages,
  clock,
  preview,
  runScenarios,
  validate,
  compare,
  faultsAndReset,
  docs,
];
