import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";

/** The severity of an unknown property in each kind of file, as `docs/reference/files/README.md` says. */
const SEVERITIES: [file: string, severity: string][] = [
  ["knock/workflows/welcome/workflow.json", "warning"],
  ["knock/guides/first-page/guide.json", "warning"],
  ["knock/message-types/banner/message_type.json", "warning"],
  ["knock/layouts/plain/layout.json", "warning"],
  ["knock/partials/sign-off/partial.json", "warning"],
  ["knock/audiences/beta/audience.json", "warning"],
  ["knock/recipients/people.json", "error"],
  ["knock/sources/billing/source.json", "error"],
  ["knock/broadcasts/history-launch/broadcast.json", "error"],
  ["knock/requests/parcel/request.json", "error"],
  ["knock/workflows/welcome/welcome.test.yaml", "error"],
];

interface Finding {
  file: string;
  severity: string;
  message: string;
  line: number | null;
  column: number | null;
}

describe.concurrent("the reference of project files", () => {
  it("names the severity of unknown properties, which knock validate reports with their place", async ({ collab }) => {
    collab.write("knock/layouts/plain/layout.json", { html_layout: "{{ content }}", text_layout: "{{ content }}" });
    collab.write("knock/partials/sign-off/partial.json", { type: "text", content: "Bye" });
    collab.write("knock/audiences/beta/audience.json", { name: "Beta", type: "static" });
    collab.write("knock/requests/parcel/request.json", { method: "get", url: "https://x.example.com" });
    const addUnknownKey = (file: string): unknown =>
      file.endsWith(".yaml")
        ? collab.write(file, `zzz: 1\n${collab.read(file)}`)
        : collab.write(file, collab.read(file).replace("{", '{ "zzz": 1,'));
    const findUnknownKeys = async (): Promise<string[][]> => {
      const findings = (await collab.knock(["validate", "--json"])).json.findings as unknown as Finding[];
      const found = findings.filter(({ message }) => message.includes('unknown key "zzz"'));
      expect(found.filter(({ line, column }) => !line || !column)).toEqual([]);
      return found.map(({ file, severity }) => [file, severity]).sort();
    };
    for (const [file] of SEVERITIES) addUnknownKey(file);
    expect(await findUnknownKeys()).toEqual([...SEVERITIES].sort());
    addUnknownKey("knock/environment.json");
    expect(await findUnknownKeys()).toContainEqual(["knock/environment.json", "error"]);
  });

  it("says that a branch ignores files that exist once per project", async ({ collab }) => {
    collab.write("knock/branches/b1/workflows/welcome/workflow.json", {
      name: "Welcome",
      steps: [{ ref: "sms", type: "channel", channel_key: "in-app-feed", template: { markdown_body: "Branch" } }],
    });
    for (const file of ["environment.json", "recipients/r.json", "guides/g/guide.json", "sources/s/source.json"])
      collab.write(`knock/branches/b1/${file}`, "{ not JSON");
    const { stdout, stderr, exitCode } = await collab.knock(["notify", "welcome", "-r", "ada", "--branch", "b1"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("ada  ✓ in-app delivered");
  });

  it("says that waiting runs end if the folder of their branch is removed", async ({ collab }) => {
    const folder = collab.path("knock/branches/b1");
    cpSync(collab.path("knock/workflows/new-comment"), join(folder, "workflows/new-comment"), { recursive: true });
    const notify = ["notify", "new-comment", "-r", "grace", "--set", "page=Home"];
    await collab.knock([...notify, "--branch", "b1"]);
    await collab.knock(notify);
    rmSync(folder, { recursive: true });
    const { stdout } = await collab.knock(["clock", "advance", "30m"]);
    expect(stdout).toContain("grace  delay_1 cancelled (workflow unavailable:");
    expect(stdout).toContain("grace  email sandboxed");
  });

  it("says that recipients are loaded also where they are given inline", async ({ collab }) => {
    collab.write("knock/recipients/inline.json", {
      subscriptions: [
        { object: { collection: "teams", id: "t1", name: "T" }, recipient: { id: "sub", email: "sub@example.com" } },
      ],
      audiences: { beta: [{ user: { id: "member", email: "member@example.com" }, tenant: "acme" }] },
    });
    const { json } = await collab.knock(["audiences", "list", "beta", "--json"]);
    expect(json.items).toContainEqual(
      expect.objectContaining({ tenant: "acme", user: expect.objectContaining({ email: "member@example.com" }) }),
    );
    const outcome = (await collab.knock(["notify", "welcome", "--object", "teams/t1", "--json"])).outcome;
    expect(outcome.recipients).toMatchObject([
      { recipient: { id: "t1" } },
      { recipient: "sub", steps: [{ outcome: "sent" }] },
    ]);
  });
});
