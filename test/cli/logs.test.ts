import { describe, expect } from "vitest";
import { describeRequest } from "../../src/features/logs/describe-event.js";
import { eventually } from "../helpers/eventually.js";
import { listDocumentViolations } from "../helpers/output-schemas.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import { hasTerminal, cliTest as terminalTest } from "../helpers/run-knock.js";

const NOTIFY = ["notify", "new-comment", "-r", "ada,grace", "--actor", "alan", "--set", "page=Home"];

describe.concurrent("knock logs", () => {
  it("prints triggers, steps with reasons and messages, aligned, on the store's clock", async ({ collab }) => {
    await collab.knock(["clock", "freeze", "2030-06-04T23:45:00Z"]);
    await collab.knock(NOTIFY);
    await collab.knock(["clock", "advance", "30m"]);
    const { stdout } = await collab.knock(["logs", "-r", "ada"]);
    expect(stdout.split("\n")).toEqual([
      "2030-06-04",
      "23:45:00Z  new-comment  ada  –              triggered",
      "23:45:00Z  new-comment  ada  in_app_feed_1  message created",
      "23:45:00Z  new-comment  ada  delay_1        waiting until 2030-06-05 00:15:00Z",
      "23:45:00Z  new-comment  ada  in_app_feed_1  in-app-feed delivered",
      "2030-06-05",
      "00:15:00Z  new-comment  ada  delay_1        continued",
      "00:15:00Z  new-comment  ada  delay_1        done",
      "00:15:00Z  new-comment  ada  email_1        skipped: recipient opted out: categories.collab.channel_types.email = false",
      "00:15:00Z  new-comment  ada  –              run completed",
    ]);
    const { stdout: lines } = await collab.knock(["logs", "--limit", "1", "--json"]);
    expect(JSON.parse(lines)).toMatchObject({ kind: "message", event: "message.not_sent", text: "sendgrid sandboxed" });
  });

  it("prints requests of fetch steps and events of sources, of the selected runs", async ({ collab }) => {
    const url = "https://api.example.com/tasks/7";
    const environment = JSON.parse(collab.read("knock/environment.json"));
    collab.write("knock/environment.json", { ...environment, fetch: { answers: [{ url, status: 404 }] } });
    const fetch = { ref: "fetch_1", type: "http_fetch", settings: { method: "get", url } };
    collab.write("knock/workflows/task/workflow.json", { steps: [fetch] as never });
    await collab.knock(["clock", "freeze", "2030-06-04T23:45:00Z"]);
    await collab.knock(["sources", "send", "billing", "--data", '{"type":"plan.changed","id":"e1","user_id":"ada"}']);
    await collab.knock(["notify", "task", "-r", "grace"]);
    const { stdout } = await collab.knock(["logs"]);
    expect(stdout).toContain("23:45:00Z  billing  ada    –        plan.changed received: 1 of 1 actions done\n");
    expect(stdout).toContain(`23:45:00Z  task     grace  fetch_1  GET ${url} → 404\n`);
    const { stdout: lines } = await collab.knock(["logs", "-r", "ada", "--json"]);
    const document = JSON.parse(lines);
    expect(document).toMatchObject({ kind: "source", source: "billing", workflow: null, recipient: "ada" });
    expect(listDocumentViolations("logs", document)).toEqual([]);
  });

  terminalTest.runIf(hasTerminal)("cuts lines at the width of a terminal", async ({ collab }) => {
    await collab.knock(NOTIFY);
    await collab.knock(["clock", "advance", "1h"]);
    const env = { NO_COLOR: "1" };
    const { stdout } = await collab.onTerminal(["logs", "-r", "ada"], { columns: 72, env });
    const widths = stdout.split("\n").map((line) => line.length);
    expect(Math.max(...widths)).toBe(72);
    expect(stdout).toMatch(/email_1 +skipped: recipient opted ou…$/m);
  });

  it("--quiet prints only errors", async ({ collab }) => {
    collab.write("knock/workflows/new-comment/email_1/html_body.html", "{{ 1 | divided_by: 0 }}");
    await collab.knock(NOTIFY);
    await collab.knock(["clock", "advance", "1h"]);
    const { stdout } = await collab.knock(["logs", "--quiet", "-r", "grace"]);
    expect(stdout).toMatch(/grace {2}email_1 {2}failed: /);
  });

  it("describes a request by its address and status, without its body", () => {
    const request = { method: "POST", host: "https://api.example.com", path: "/send", body: "secret" };
    expect(describeRequest({ request, response: { status: 202, body: "ok" } })).toEqual({
      text: "POST https://api.example.com/send → 202",
      isError: false,
    });
    expect(describeRequest({ request, response: { body: "timeout" } })).toMatchObject({ isError: true });
  });

  it.for([
    [["--limit", "501"], 'error: --limit: "501" must be a whole number from 0 to 500'],
    [["--workflow", "new-coment"], 'Did you mean "new-comment"?'],
    [["--remote"], "works only on the local target"],
  ])("%s is rejected or explained", async ([args = [], text], { collab }) => {
    expect((await collab.knock(["logs", ...(args as string[])])).stderr).toContain(text);
  });

  it("--follow prints what happens later, until it is stopped", async ({ collab }) => {
    await collab.knock(NOTIFY);
    const following = collab.start(["logs", "--follow", "--limit", "0"]);
    const printed = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      following[name]?.on("data", (chunk) => {
        printed[name] += String(chunk);
      });
    await eventually(() => printed.stderr.includes("press Ctrl-C"));
    await collab.knock(["clock", "advance", "1h"]);
    await eventually(() => /grace {2}– +run completed\n/.test(printed.stdout));
    following.kill("SIGINT");
    const { exitCode } = await following;
    expect(exitCode).toBe(130);
    expect(printed.stdout).toMatch(/grace {2}delay_1 +continued\n/);
    expect(printed.stdout).not.toContain("triggered");
  });
});
