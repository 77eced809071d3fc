import { describe, expect } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { cliTest as it } from "../../helpers/run-knock.js";

/** Sends requests to `knock dev`, and prints the responses. */
const CLIENT = `
const { KNOCK_BASE_URL: url, KNOCK_API_KEY: key } = process.env;
const send = async (method, path, body) => {
  const headers = { authorization: "Bearer " + key, "content-type": "application/json" };
  const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
};
const { body } = await send("POST", "/v1/workflows/new-comment/trigger", { recipients: ["grace"], data: { page: "Home" } });
await send("POST", "/__knock/clock", { advance: "1h" });
const runs = "/__knock/runs/" + body.workflow_run_id;
const responses = {
  scenario: await send("GET", runs + "/scenario"),
  same: await send("POST", runs + "/rerun"),
  changed: await send("POST", runs + "/rerun", { from: "email_1", data: { page: "Docs" }, keep: true }),
  invalid: await send("POST", runs + "/rerun", { dta: {} }),
  step: await send("POST", runs + "/rerun", { from: "emial_1" }),
  unknown: await send("GET", "/__knock/runs/8b0f5a7e-0000-4000-8000-000000000000/scenario"),
};
const { body: listed } = await send("GET", "/v1/workflow_recipient_runs");
console.log(JSON.stringify({ ...responses, sources: listed.items.map((run) => run.trigger_source) }));
`;

describe("the routes of knock dev about stored runs", () => {
  it("return a run as a scenario, and what differs when it is run again", async ({ collab }) => {
    collab.write("client.mjs", CLIENT);
    const dev = ["dev", "--port", "0", "--store", ":memory:", "--", "node", "client.mjs"];
    const { stdout, stderr, exitCode } = await collab.knock(dev);
    expect(exitCode, stderr).toBe(0);
    const { scenario, same, changed, invalid, step, unknown, sources } = JSON.parse(stdout) as Record<
      string,
      JsonObject
    >;
    expect(scenario).toMatchObject({ status: 200, body: expect.stringContaining("workflow: new-comment") });
    collab.write("knock/workflows/new-comment/made.test.yaml", String(scenario?.body));
    expect((await collab.knock(["test", "knock/workflows/new-comment/made.test.yaml"])).exitCode).toBe(0);
    expect(same).toMatchObject({ status: 200, body: { steps: [], recipients: [] } });
    expect(changed).toMatchObject({ status: 200, body: { from: "email_1", summary: { changed: 1, before: 1 } } });
    expect(invalid).toMatchObject({ status: 422, body: { message: expect.stringContaining("dta") } });
    expect(step).toMatchObject({ status: 404, body: { message: expect.stringContaining('did you mean "email_1"') } });
    expect(unknown).toMatchObject({ status: 404, body: { code: "resource_missing" } });
    // The API does not name the original of a rerun.
    expect(sources).toEqual([{ type: "rehearsal" }, { type: "api" }]);
  });
});
