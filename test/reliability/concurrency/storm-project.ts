import type { JsonObject } from "../../../src/util/json.js";
import type { Sample } from "../../helpers/run-knock.js";
import type { WorkflowKey } from "./history.js";
import { THROTTLE_LIMIT } from "./models.js";

/** The time at which the clock is frozen before the storm. */
export const START = Date.parse("2026-03-02T09:00:00Z");

/** The lengths of delays and of batch windows. On PostgreSQL they pass in real time. */
type Pause = { unit: "minutes" | "seconds"; value: number };

const buildFeedStep = (number: number, text: string): JsonObject => ({
  ref: `feed_${number}`,
  type: "channel",
  channel_type: "in_app_feed",
  channel_key: "feed",
  template: { markdown_body: text },
});

function buildWorkflows(pause: Pause): Record<WorkflowKey, JsonObject[]> {
  const buildDelay = (number: number) => ({
    ref: `delay_${number}`,
    type: "delay",
    settings: { delay_for: { ...pause } },
  });
  return {
    journey: [
      buildFeedStep(1, "one"),
      buildDelay(1),
      buildFeedStep(2, "two"),
      buildDelay(2),
      buildFeedStep(3, "three"),
    ],
    digest: [
      { ref: "batch_1", type: "batch", settings: { batch_window: { ...pause }, batch_items_render_limit: 100 } },
      buildFeedStep(1, "{% for activity in activities %}{{ activity.activity }} {% endfor %}"),
    ],
    alert: [
      {
        ref: "throttle_1",
        type: "throttle",
        settings: { throttle_limit: THROTTLE_LIMIT, throttle_window: { unit: "days", value: 30 } },
      },
      buildFeedStep(1, "alert"),
    ],
    once: [buildFeedStep(1, "{{ payload }}")],
    note: [buildFeedStep(1, "note")],
  };
}

/** Writes the project whose store the processes share. */
export function writeStormProject(sample: Sample, pause: Pause): void {
  sample.write("knock.json", { knockDir: "./knock" });
  sample.write("knock/environment.json", { channels: { feed: { type: "in_app_feed", provider: "knock" } } });
  for (const [key, steps] of Object.entries(buildWorkflows(pause)))
    sample.write(`knock/workflows/${key}/workflow.json`, { name: key, steps });
}
