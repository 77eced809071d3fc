import { existsSync, readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { HOSTILE_TEMPLATES, HOSTILE_TEXTS, SLOW_OUTPUT } from "../helpers/hostile-inputs.js";
import { cliTest as it, type Sample } from "../helpers/run-knock.js";

// Other tests prove the time limit, which takes two seconds each time.
const TEMPLATES = HOSTILE_TEMPLATES.filter((template) => template !== SLOW_OUTPUT);

/** A step for each way to render the text of the trigger. */
const STEPS: readonly JsonObject[] = [
  {
    ref: "html",
    channel_type: "email",
    channel_key: "mail",
    template: { subject: "S", html_body: "<style>p{color:red}</style><p>{{ data.text }}</p>" },
  },
  {
    ref: "mjml",
    channel_type: "email",
    channel_key: "mail",
    template: { subject: "S", is_mjml: true, html_body: "<mjml><mj-body>{{ data.text }}</mj-body></mjml>" },
  },
  { ref: "sms", channel_type: "sms", channel_key: "text", template: { text_body: "{{ data.text }}" } },
  buildFeedStep("{{ data.text }}"),
];

function buildFeedStep(markdown_body: string): JsonObject {
  return { ref: "feed", channel_type: "in_app_feed", channel_key: "in-app-feed", template: { markdown_body } };
}

function writeWorkflow(sample: Sample, key: string, channelSteps: readonly JsonObject[]): void {
  const steps = channelSteps.map(({ template, ...step }) => ({
    ...step,
    type: "channel",
    template: { settings: {}, ...(template as JsonObject) },
  }));
  sample.write(`knock/workflows/${key}/workflow.json`, { name: key, steps });
}

describe("knock dev", () => {
  it("survives templates and payloads that need much time and memory, with the default heap", async ({ collab }) => {
    for (const [index, template] of TEMPLATES.entries())
      writeWorkflow(collab, `template-${index}`, [buildFeedStep(template)]);
    writeWorkflow(collab, "text", STEPS);
    const args = ["dev", "--port", "0", "--ready-file", "ready.json", "--store", ":memory:"];
    const server = collab.start(args, { env: { KNOCK_LIQUID: "compile" } });
    while (!existsSync(collab.path("ready.json")) && server.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const { url } = JSON.parse(readFileSync(collab.path("ready.json"), "utf8")) as { url: string };
    const trigger = async (workflow: string, text: string): Promise<number> => {
      const response = await fetch(`${url}/v1/workflows/${workflow}/trigger`, {
        method: "POST",
        headers: { authorization: "Bearer sk_test", "content-type": "application/json" },
        body: JSON.stringify({
          recipients: [{ id: "ada", email: "ada@example.com", phone_number: "+15550000001" }],
          data: { text },
        }),
      });
      await response.text();
      return response.status;
    };
    for (const [index, template] of TEMPLATES.entries())
      expect([template, await trigger(`template-${index}`, "x".repeat(20_000))]).toEqual([template, 200]);
    for (const [name, text] of HOSTILE_TEXTS) expect([name, await trigger("text", text)]).toEqual([name, 200]);
    expect(await trigger("text", "the last one")).toBe(200);
    const feed = await fetch(`${url}/v1/messages?workflow=text&page_size=1`, {
      headers: { authorization: "Bearer sk_test" },
    });
    const { items } = (await feed.json()) as { items: JsonObject[] };
    expect(items).toEqual([expect.objectContaining({ workflow: "text", data: { text: "the last one" } })]);
    server.kill("SIGTERM");
    expect((await server).exitCode).toBe(143);
  });
});
