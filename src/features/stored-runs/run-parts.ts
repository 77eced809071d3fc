import type { RunParts } from "../../commands/shared/run-parts.js";
import { registerRerun } from "./rerun-command.js";
import { addScenarioOptions, type ScenarioFlags, showScenario } from "./show-scenario.js";

/** The options of this feature for `knock runs`. */
export const runParts: RunParts = {
  register: registerRerun,
  addShowOptions: addScenarioOptions,
  async showInstead(typed, flags: ScenarioFlags, context) {
    if (!flags.asScenario) return false;
    await showScenario(typed, flags, context);
    return true;
  },
};
