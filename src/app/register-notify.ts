import { registerNotify as registerWithLines } from "../commands/notify.js";
import type { RegisterCommand } from "../commands/shared/feature.js";
import { lineTriggers } from "../features/bulk/line-triggers.js";

/** Adds `knock notify`, with what triggers the lines of a file. */
export const registerNotify: RegisterCommand = (program, context) => registerWithLines(program, context, lineTriggers);
