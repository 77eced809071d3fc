import { existsSync } from "node:fs";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { eventually } from "../helpers/eventually.js";
import { cliTest as it, type Sample } from "../helpers/run-knock.js";

const loops = (count: number, body: string): string =>
  `${Array.from({ length: count }, (_, index) => `{% for v${index} in data.list %}`).join("")}${body}${"{% endfor %}".repeat(count)}`;

/** Writes a workflow whose template needs more time than it may have. Returns the data for it. */
function writeSlowWorkflow(sample: Sample, ...earlierSteps: JsonObject[]): { list: number[] } {
  const template = { markdown_body: loops(4, "{% if v0 == v1 %}{% assign x = v2 %}{% endif %}") };
  const step = { ref: "in_app_feed_1", type: "channel", channel_type: "in_app_feed", channel_key: "in-app-feed" };
  const steps = [...earlierSteps, { ...step, template }];
  sample.write("knock/workflows/slow/workflow.json", { name: "Slow", steps });
  return { list: Array.from({ length: 500 }, (_, index) => index) };
}

describe("the built command", () => {
  // The build replaces the clock of liquidjs, so the limit of generated code is tested here and not only in the source.
  it("ends a template that renders for more than 2 seconds, also if it is compiled", async ({ collab }) => {
    const data = JSON.stringify(writeSlowWorkflow(collab));
    const { stdout, exitCode } = await collab.knock(["notify", "slow", "--recipients", "ada", "--data", data], {
      env: { KNOCK_LIQUID: "compile" },
    });
    expect(stdout).toContain("exceeds the time limit of 2 seconds");
    expect(exitCode).toBe(1);
  });

  const DELAY = { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "hours", value: 1 } } };
  const CLOCK: [string, object] = ["/__knock/clock", { advance: "2h" }];

  it.for<[what: string, steps: JsonObject[], slow: [string, object] | null]>([
    ["a trigger", [], null],
    ["due work", [DELAY], CLOCK],
  ])("ends knock dev on SIGTERM while the templates of %s render for minutes", async ([, steps, slow], { collab }) => {
    const data = writeSlowWorkflow(collab, ...steps);
    const running = collab.start(["dev", "--port", "0", "--ready-file", "ready.json"]);
    await eventually(() => existsSync(collab.path("ready.json")));
    const { url } = JSON.parse(collab.read("ready.json")) as { url: string };
    const send = (path: string, body?: object): Promise<number | "disconnected"> =>
      fetch(url + path, {
        method: body === undefined ? "GET" : "POST",
        headers: { authorization: "Bearer sk_test", "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }).then(
        ({ status }) => status,
        () => "disconnected",
      );
    const recipients = Array.from({ length: 40 }, (_, index) => ({ id: `u${index}`, name: "U" }));
    const trigger = send("/v1/workflows/slow/trigger", { recipients, data });
    if (slow !== null) expect(await trigger).toBe(200);
    const request = slow === null ? trigger : send(...slow);
    // Requests are answered between two renderings. One that waits shows that the rendering has begun.
    for (let waited = 0; waited < 500; ) {
      const start = performance.now();
      expect(await send("/v1/users/ada")).toBe(200);
      waited = performance.now() - start;
    }
    running.kill("SIGTERM");
    const { exitCode, stderr } = await running;
    expect(exitCode).toBe(143);
    expect(stderr).toContain("warning: requests or work in progress did not end within 8 seconds");
    expect(await request).toBe("disconnected");
    // A trigger without a response has no effect, and due work stays due.
    const { items } = (await collab.knock(["runs", "list", "--json"])).json;
    expect(items).toHaveLength(slow === null ? 0 : 40);
  });
});
