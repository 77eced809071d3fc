import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/util/json.js";

const TEMPLATE = "**{{ recipient.name }}**, have a look at {{ page }}.\n";

const feed = {
  ref: "in_app_feed_1",
  type: "channel",
  channel_type: "in_app_feed",
  channel_key: "in-app-feed",
  template: { markdown_body: TEMPLATE },
};

/** The delay of the workflow `soon`. */
export const SOON_MS = 1_000;

/** The workflows of workers.mjs: a message at a time, after a second, and after a batch. */
export const WORKFLOWS: Record<string, JsonObject[]> = {
  later: [{ ref: "delay_1", type: "delay", settings: { delay_until_field_path: "data.at" } }, feed],
  soon: [{ ref: "delay_1", type: "delay", settings: { delay_for: { unit: "seconds", value: SOON_MS / 1_000 } } }, feed],
  digest: [
    {
      ref: "batch_1",
      type: "batch",
      settings: {
        batch_window: { unit: "hours", value: 1 },
        batch_window_type: "sliding",
        batch_window_extension_limit: { unit: "hours", value: 2 },
      },
    },
    feed,
  ],
};

/** Writes the project for `knock worker`. */
export function writeProject(folder: string): void {
  for (const [key, steps] of Object.entries(WORKFLOWS)) {
    const workflow = join(folder, "knock/workflows", key);
    mkdirSync(workflow, { recursive: true });
    writeFileSync(join(workflow, "workflow.json"), JSON.stringify({ name: key, steps }));
  }
  writeFileSync(join(folder, "knock.json"), JSON.stringify({ knockDir: "./knock" }));
}
