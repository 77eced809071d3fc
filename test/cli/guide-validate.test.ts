import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";

describe.concurrent("knock validate", () => {
  it("exits 5 for an unknown branch, environment and workflow", async ({ collab }) => {
    for (const args of [["--branch", "none"], ["--environment", "none"], ["none"]]) {
      const { exitCode, stderr, stdout } = await collab.knock(["validate", ...args]);
      expect([exitCode, stdout, stderr]).toEqual([5, "", expect.stringMatching(/^error: there is no \w+ "none"\n/)]);
    }
  });

  it("silences an error of a draft, which other commands still report", async ({ collab }) => {
    collab.write("knock/workflows/draft/workflow.json", {
      name: "Draft",
      settings: { "knock:ignore": [{ code: "workflow_invalid", reason: "Not finished." }] },
      steps: [{ ref: "sms_1", type: "channel", channel_key: "none", template: {} }],
    });
    expect((await collab.knock(["validate", "draft"])).exitCode).toBe(0);
    const { exitCode, stderr } = await collab.knock(["notify", "draft", "-r", "ada"]);
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining('no channel "none" is declared')]);
  });

  it("checks the first 1,000 payloads of a file", async ({ collab }) => {
    const lines = Array.from({ length: 1_001 }, (_, index) =>
      JSON.stringify({ key: index < 999 ? "invite" : `unknown-${index + 1}`, recipients: ["ada"] }),
    );
    collab.write("payloads/many.jsonl", lines.join("\n"));
    collab.write(
      "payloads/many.csv",
      ["key,recipients", ...lines.map((_, i) => `${i < 999 ? "invite" : `row-${i + 1}`},ada`)].join("\n"),
    );
    const { json } = await collab.knock(["validate", "--json"]);
    const found = (json.findings as { file: string; message: string }[]).filter(({ file }) => file.includes("many."));
    expect(found.map(({ message }) => message).sort()).toEqual([
      expect.stringContaining('"row-1000"'),
      expect.stringContaining('"unknown-1000"'),
    ]);
  });
});
