// Solutions of the tasks of ../tasks/scenario-tasks.mjs.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { pathOf } from "../project.mjs";
import { all, inWorkflow, write } from "./changes.mjs";
import { scenarioFiles } from "./scenario-files.mjs";

const setThrottle = (limit) =>
  inWorkflow("price-drop", ({ steps }) => {
    steps[0].settings.throttle_limit = limit;
    steps[0].settings.throttle_window = { unit: "hours", value: 12 };
  });

export const scenarioSolutions = {
  "digest-scenario": {
    right: write(pathOf("comment-digest", "digest.test.yaml"), scenarioFiles.digest),
    wrong: {
      "scenarios that count nothing": write(
        pathOf("comment-digest", "digest.test.yaml"),
        scenarioFiles.digest.replace(", count: 1", "").replace("no_messages: true", "rules: [no-failures]"),
      ),
      "scenarios that expect only a waiting batch": write(
        pathOf("comment-digest", "digest.test.yaml"),
        scenarioFiles.waitingDigest,
      ),
    },
  },
  "provider-outage": {
    right: write(pathOf("incident", "outage.test.yaml"), scenarioFiles.outage),
    wrong: {
      "scenarios that don't look at the status": write(
        pathOf("incident", "outage.test.yaml"),
        scenarioFiles.outage.replace(/count: 1, status: \w+/g, "count: 1"),
      ),
      "scenarios without the rejection": write(
        pathOf("incident", "outage.test.yaml"),
        scenarioFiles.outage.split("  never sends")[0],
      ),
    },
  },
  "cancel-one-invitation": {
    right: write(pathOf("invite", "accepted.test.yaml"), scenarioFiles.accepted),
    wrong: {
      "scenarios that expect only a canceled run": write(
        pathOf("invite", "accepted.test.yaml"),
        scenarioFiles.accepted.split("      - advance: 21h")[0],
      ),
      "scenarios that don't look at Grace": write(
        pathOf("invite", "accepted.test.yaml"),
        scenarioFiles.accepted.replace("          no_messages: [{ to: grace }]\n", ""),
      ),
    },
  },
  "throttle-limit": {
    right: all(setThrottle(2), write(pathOf("price-drop", "price-drop.test.yaml"), scenarioFiles.throttle)),
    wrong: {
      "a change without scenarios": all(setThrottle(2), (folder) =>
        rmSync(join(folder, pathOf("price-drop", "price-drop.test.yaml"))),
      ),
      "scenarios that don't advance the clock": all(
        setThrottle(2),
        write(pathOf("price-drop", "price-drop.test.yaml"), scenarioFiles.throttle.split("      - advance:")[0]),
      ),
    },
  },
};
