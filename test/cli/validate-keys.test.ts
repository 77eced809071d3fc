import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

/** Adds a workflow that triggers another one. */
function writeCaller(sample: Sample, key: string, workflow_key: string): void {
  const steps = [{ type: "trigger_workflow", ref: "call_1", settings: { workflow_key } }];
  sample.write(`knock/workflows/${key}/workflow.json`, JSON.stringify({ name: key, steps }));
}

/** Returns the findings about the files whose path contains a text. */
async function readFindings(sample: Sample, path: string, ...keys: string[]): Promise<JsonObject[]> {
  const { json } = await sample.knock(["validate", ...keys, "--json"]);
  return (json.findings as JsonObject[]).filter(({ file }) => String(file).includes(path));
}

describe.concurrent("knock validate with a key reports the same as without", () => {
  it("about workflows that a workflow triggers", async ({ collab }) => {
    writeCaller(collab, "ring", "ring");
    writeCaller(collab, "ping", "pong");
    writeCaller(collab, "pong", "ping");
    writeCaller(collab, "typo", "welcom");
    for (const [key, code] of Object.entries({
      ring: "workflow_cycle",
      ping: "workflow_cycle",
      pong: "workflow_cycle",
      typo: "unknown_workflow",
    })) {
      const findings = await readFindings(collab, `workflows/${key}/`, key);
      expect(findings).toMatchObject([{ code }]);
      expect(findings).toEqual(await readFindings(collab, `workflows/${key}/`));
    }
    expect(await readFindings(collab, "workflows/pong/", "ping")).toEqual([]);
  });

  it("about payloads for a workflow, and not about others", async ({ collab }) => {
    const file = "payloads/order-placed.json";
    const payload = JSON.parse(collab.read(file)) as JsonObject;
    const { order, ...data } = payload.data as JsonObject;
    collab.write(file, JSON.stringify({ ...payload, data: { ...data, ordr: order } }));
    const findings = await readFindings(collab, file, "order-placed");
    expect(findings).toMatchObject([{ code: "sample_data_invalid" }, ...findings.slice(1)]);
    expect(findings).toEqual(await readFindings(collab, file));
    expect(await readFindings(collab, "payloads/", "new-comment")).toEqual([]);
  });

  it("about scenarios in the folder of a workflow, and not in others", async ({ collab }) => {
    const text =
      "workflow: invit\nscenarios:\n  a:\n    steps:\n      - { notify: { recipients: [ada] }, expect: [sent>=1] }\n";
    collab.write("knock/workflows/invite/own.test.yaml", text);
    const findings = await readFindings(collab, ".test.yaml", "invite");
    expect(findings).toMatchObject([{ code: "scenario_invalid", message: 'there is no workflow "invit"' }]);
    expect(findings).toEqual(await readFindings(collab, ".test.yaml"));
    expect(await readFindings(collab, ".test.yaml", "welcome")).toEqual([]);
  });
});
