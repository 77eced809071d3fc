import { renameSync } from "node:fs";
import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";

describe.concurrent("knock validate", () => {
  it("reports a folder whose main file is missing or has another name", async ({ collab }) => {
    renameSync(
      collab.path("knock/workflows/invite/workflow.json"),
      collab.path("knock/workflows/invite/workflows.json"),
    );
    collab.write("knock/layouts/plain/body.html", "<html></html>");
    collab.write("knock/workflows/own-tests/all.test.yaml", "scenarios: {}\n");
    const { json } = await collab.knock(["validate", "--json"]);
    const findings = json.findings as unknown as { code: string }[];
    expect(findings.filter(({ code }) => code === "missing_document")).toMatchObject([
      {
        severity: "warning",
        file: "knock/layouts/plain/body.html",
        message: "the folder has no layout.json, so it is ignored",
        hint: "Add layout.json, or remove the folder.",
      },
      {
        file: "knock/workflows/invite/workflows.json",
        message: "the folder has no workflow.json, so it is ignored",
        hint: "Rename workflows.json to workflow.json.",
      },
    ]);
  });
});
