import type { LineTriggers } from "../../commands/shared/notify-flags.js";
import { addBulkOptions, rejectBulkFlags } from "./bulk-flags.js";
import { notifyLines } from "./notify-lines.js";

/** How `knock notify` triggers a file with many triggers. */
export const lineTriggers: LineTriggers = {
  addOptions: addBulkOptions,
  rejectOptions: rejectBulkFlags,
  triggerLines: notifyLines,
};
