import { existsSync, readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { cliTest as it, type Sample, type StartedCommand } from "../helpers/run-knock.js";

const LETTERS = "a".repeat(36);

/** A workflow with two patterns that a backtracking engine would match for longer than the test's time limit. */
function addWorkflow(sample: Sample): void {
  sample.write("knock/workflows/words/workflow.json", {
    name: "Words",
    trigger_data_json_schema: {
      properties: {
        word: { type: "string", pattern: "^(a+)+$" },
        // Lookahead needs backtracking, so that this one runs until its deadline.
        lookahead: { type: "string", pattern: "^(?=(a+)+$)a*$" },
      },
    },
    steps: [
      {
        ref: "in_app_feed_1",
        type: "channel",
        channel_type: "in_app_feed",
        channel_key: "in-app-feed",
        template: { markdown_body: "{{ data.word }}" },
      },
    ],
  });
}

async function startDev(sample: Sample): Promise<{ url: string; dev: StartedCommand }> {
  const file = sample.path("ready.json");
  const dev = sample.start(["dev", "--port", "0", "--ready-file", "ready.json"]);
  while (!existsSync(file) && dev.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
  return { url: (JSON.parse(readFileSync(file, "utf8")) as { url: string }).url, dev };
}

const trigger = (url: string, data: object): Promise<Response> =>
  fetch(`${url}/v1/workflows/words/trigger`, {
    method: "POST",
    headers: { authorization: "Bearer sk_any", "content-type": "application/json" },
    body: JSON.stringify({ recipients: ["ada"], data }),
  });

describe("patterns of a trigger data schema that backtrack endlessly", () => {
  it("E-030 are matched or rejected by knock notify with the location", async ({ collab }) => {
    addWorkflow(collab);
    const notify = (...set: string[]) => collab.knock(["notify", "words", "-r", "ada", "--json", "--set", ...set]);
    const mismatch = await notify(`word=${LETTERS}!`);
    expect([mismatch.exitCode, mismatch.error]).toMatchObject([
      2,
      { code: "invalid_params", details: [{ pointer: "/data/word", message: expect.stringContaining("must match") }] },
    ]);
    const undecided = await notify(`lookahead=${LETTERS}!`);
    expect([undecided.exitCode, undecided.error]).toMatchObject([
      2,
      { details: [{ pointer: "/data/lookahead", message: expect.stringContaining("could not be checked in time") }] },
    ]);
    expect((await notify(`word=${LETTERS}`)).exitCode).toBe(0);
  });

  it("E-030 are checked for unsupported references, which are reported with their location in the file", async ({
    collab,
  }) => {
    const path = collab.write(
      "knock/workflows/words/workflow.json",
      `{
  "name": "Words",
  "trigger_data_json_schema": { "properties": {
    "order": { "$ref": "https://example.com/order.json" }
  } },
  "steps": []
}`,
    );
    const { exitCode, error } = await collab.knock(["notify", "words", "-r", "ada", "--json"]);
    expect([exitCode, error]).toMatchObject([
      3,
      { code: "workflow_invalid", details: [{ pointer: "/trigger_data_json_schema/properties/order/$ref", line: 4 }] },
    ]);
    expect(path.endsWith(String((error.details as { file: string }[])[0]?.file))).toBe(true);
  });

  it("do not block knock dev, which SIGTERM ends while a pattern runs", async ({ collab }) => {
    addWorkflow(collab);
    const { url, dev } = await startDev(collab);
    const slow = Array.from({ length: 2 }, () => trigger(url, { lookahead: `${LETTERS}!` }));
    const user = await fetch(`${url}/v1/users/ada`, { headers: { authorization: "Bearer sk_any" } });
    expect(user.status).toBe(200);
    for (const response of await Promise.all(slow)) {
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ errors: [{ field: "data.lookahead" }] });
    }
    expect((await trigger(url, { word: `${LETTERS}!` })).status).toBe(422);
    expect((await trigger(url, { word: LETTERS })).status).toBe(200);

    const cutOff = Array.from({ length: 3 }, () => trigger(url, { lookahead: `${LETTERS}!` }).catch(() => null));
    dev.kill("SIGTERM");
    expect((await dev).exitCode).toBe(143);
    await Promise.all(cutOff);
  });
});
