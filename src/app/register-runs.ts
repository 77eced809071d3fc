import { registerRuns as registerWithParts } from "../commands/runs.js";
import type { RegisterCommand } from "../commands/shared/feature.js";
import { runParts } from "../features/stored-runs/run-parts.js";

/** Adds `knock runs`, with what makes scenarios of runs. */
export const registerRuns: RegisterCommand = (program, context) => registerWithParts(program, context, runParts);
