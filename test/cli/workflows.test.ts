import { existsSync } from "node:fs";
import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

describe.concurrent("knock workflows list", () => {
  it("lists keys, names, steps, trigger data, the last run and problems", async ({ collab }) => {
    const empty = await collab.knock(["workflows", "list"]);
    expect(empty.stdout).toMatch(/^KEY +NAME +STEPS +DATA +LAST RUN +PROBLEMS\n/);
    expect(empty.stdout).toMatch(/\nnew-comment +New comment +3 +page, page_url\?, comment\? +– +none/);
    expect(existsSync(collab.path(".knock-local"))).toBe(false);
    await collab.knock(["notify", "new-comment", "-r", "ada", "--set", "page=Home"]);
    const { stdout } = await collab.knock(["workflows"]);
    expect(stdout).toMatch(/\nnew-comment .+ 20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ +none/);
  });

  it("--json has each workflow with its nested steps and problems", async ({ shop }) => {
    shop.write("knock/workflows/broken/workflow.json", "{ nope");
    const { json, exitCode } = await shop.knock(["workflows", "list", "--json"]);
    const items = json.items as JsonObject[];
    expect(exitCode).toBe(0);
    expect(items.find(({ key }) => key === "broken")).toMatchObject({
      name: null,
      steps: [],
      problems: [{ severity: "error", message: expect.stringContaining("workflow.json:1:3") }],
    });
    const shipped = items.find(({ key }) => key === "club-join");
    expect(shipped).toMatchObject({ active: true, last_run: null, problems: [] });
    expect(JSON.stringify(shipped?.steps)).toContain('"branches":[{"name":');
  });

  it("shows a warning of a file as a problem", async ({ collab }) => {
    const file = "knock/workflows/new-comment/workflow.json";
    collab.write(file, collab.read(file).replace('"sendgrid"', '"sendgird"'));
    const { stdout } = await collab.knock(["workflows", "list"]);
    expect(stdout).toMatch(/\nnew-comment .+ 1 warning/);
  });
});

describe.concurrent("knock workflows show", () => {
  it("shows steps, data, the last run and problems", async ({ collab }) => {
    const file = "knock/workflows/new-comment/workflow.json";
    collab.write(file, collab.read(file).replace('"sendgrid"', '"sendgird"'));
    await collab.knock(["notify", "new-comment", "-r", "ada", "--set", "page=Home"]);
    const { stdout } = await collab.knock(["workflows", "show", "new-comment"]);
    expect(stdout).toMatch(
      /^new-comment {2}New comment\ncategories: collab\ndata: page, page_url\?, comment\?\nlast run: .+ for ada, paused\n/,
    );
    expect(stdout).toContain(
      "\n  delay_1  delay 30 minutes\n  email_1  email through sendgird  if refs.in_app_feed_1.engagement_status not_contains $message.seen\n",
    );
    expect(stdout).toContain(
      'warning: knock/workflows/new-comment/workflow.json:60:22: steps[2].channel_key "sendgird" is not declared in environment.json; did you mean "sendgrid"?',
    );
    const { json } = await collab.knock(["workflows", "show", "new-comment", "--json"]);
    expect(json).toMatchObject({ key: "new-comment", last_run: { recipient: "ada", status: "paused" } });
  });

  it("suggests the nearest key for an unknown one", async ({ collab }) => {
    const { stderr, exitCode } = await collab.knock(["workflows", "show", "new-coment"]);
    expect(stderr).toBe('error: there is no workflow "new-coment"\nhint: Did you mean "new-comment"?');
    expect(exitCode).toBe(5);
  });
});

describe.concurrent("the official command's workflow commands", () => {
  it.each([
    ["list", "Run `knock workflows list`"],
    ["get", "Run `knock workflows show <key>`"],
    ["validate", "to see the problems"],
    ["push", "Run `knock push workflows/<key>`"],
    ["pull", "Run `knock pull workflows/<key>`"],
  ])("workflow %s points to the equivalent of this tool", async (word, hint) => {
    const { createSample } = await import("../helpers/run-knock.js");
    const sample = createSample("collab");
    try {
      const { stderr, stdout, exitCode } = await sample.knock(["workflow", word, "new-comment"]);
      expect(stderr).toContain(`error: "workflow ${word}" is a command of the service's official command line`);
      expect(stderr).toContain(hint);
      expect([stdout, exitCode]).toEqual(["", 2]);
      expect((await sample.knock(["workflow", "run", "new-comment", "-r", "ada", "--set", "page=Home"])).exitCode).toBe(
        0,
      );
    } finally {
      sample.remove();
    }
  });

  it("workflows push points to the equivalent, and unknown words to the nearest command", async ({ collab }) => {
    expect((await collab.knock(["workflows", "push"])).stderr).toContain("npx @knocklabs/cli workflow push");
    expect((await collab.knock(["workflow", "lst"])).stderr).toContain("Run `knock workflows list`");
    expect((await collab.knock(["workflow"])).stderr).toContain("knock workflow needs a command");
  });
});
