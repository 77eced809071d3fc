import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

/** Returns the findings about emails as `<code> <message>`, without those that samples have anyway. */
async function listFindings(sample: Sample, file: string): Promise<string[]> {
  const { json } = await sample.knock(["validate", "--emails", "--json"]);
  return (json.findings as JsonObject[])
    .filter((finding) => String(finding.code).startsWith("email_") && String(finding.file).includes(file))
    .filter(({ code }) => code !== "email_missing_preheader" && code !== "email_missing_title")
    .map(({ code, message }) => `${String(code)} ${String(message)}`);
}

describe.concurrent("knock validate --emails", () => {
  it("checks emails with translations and with users that templates look up, as knock test does", async ({
    collab,
  }) => {
    const folder = "knock/workflows/storage-low";
    collab.write(
      `${folder}/email_1/html_body.html`,
      '<p>{{ "storage.subject" | t: used: used }}</p><img src="https://cdn.acme.dev/a.png"><a href="#">{% assign a = "ada" | user %}{{ a.name }}</a>',
    );
    expect(await listFindings(collab, "storage-low")).toEqual([
      expect.stringContaining("email_missing_alt"),
      expect.stringContaining("email_placeholder_link"),
    ]);
  });

  it("checks emails of broadcasts", async ({ collab }) => {
    collab.write("knock/broadcasts/history-launch/email_1/html_body.html", '<img src="https://cdn.acme.dev/a.png">');
    expect(await listFindings(collab, "history-launch")).toEqual([expect.stringContaining("email_missing_alt")]);
  });

  it("names emails that it cannot render", async ({ collab }) => {
    collab.write("knock/workflows/welcome/email_1/html_body.html", '{{ "now" | date: "%Q" | divided_by: 0 }}');
    expect(await listFindings(collab, "welcome")).toEqual([
      expect.stringMatching(/^email_not_checked .*was not checked: .*divided/),
    ]);
    expect((await collab.knock(["validate", "--emails"])).exitCode).toBe(0);
  });
});
