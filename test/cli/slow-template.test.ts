import { describe, expect } from "vitest";
import { cliTest as it } from "../helpers/run-knock.js";

const loops = (count: number, body: string): string =>
  `${Array.from({ length: count }, (_, index) => `{% for v${index} in data.list %}`).join("")}${body}${"{% endfor %}".repeat(count)}`;

describe("the built command", () => {
  // The build replaces the clock of liquidjs, so the limit of generated code is tested here and not only in the source.
  it("ends a template that renders for more than 2 seconds, also if it is compiled", async ({ collab }) => {
    collab.write("knock/workflows/slow/workflow.json", {
      name: "Slow",
      steps: [
        {
          ref: "in_app_feed_1",
          type: "channel",
          channel_type: "in_app_feed",
          channel_key: "in-app-feed",
          template: { markdown_body: loops(4, "{% if v0 == v1 %}{% assign x = v2 %}{% endif %}") },
        },
      ],
    });
    const data = JSON.stringify({ list: Array.from({ length: 500 }, (_, index) => index) });
    const { stdout, exitCode } = await collab.knock(["notify", "slow", "--recipients", "ada", "--data", data], {
      env: { KNOCK_LIQUID: "compile" },
    });
    expect(stdout).toContain("exceeds the time limit of 2 seconds");
    expect(exitCode).toBe(1);
  });
});
