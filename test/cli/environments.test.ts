import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import { cliTest, type Sample } from "../helpers/run-knock.js";

/** Returns the variables that templates see under `production`, merged over `environment.json`. */
function prepare(sample: Sample): void {
  sample.write("knock.json", { knockDir: "./knock" });
  sample.write("knock/recipients/people.json", { users: [{ id: "ada", email: "ada@example.com" }] });
  sample.write("knock/environment.json", {
    name: "development",
    channels: { mail: { type: "email", settings: { from_address: "dev@example.com", from_name: "Dev" } } },
    variables: { app_url: "http://localhost", team: { name: "Blue", size: 3 }, region: "eu" },
  });
  sample.write("knock/environments/production.json", {
    name: "live",
    channels: { mail: { settings: { from_address: "hi@example.com" } } },
    variables: { app_url: "https://app.example.com", team: { name: "Red" } },
  });
  sample.write("knock/environments/staging.json", {});
  sample.write("knock/workflows/hello/workflow.json", {
    name: "Hello",
    steps: [
      {
        ref: "email_1",
        type: "channel",
        channel_type: "email",
        channel_key: "mail",
        template: {
          subject: "{{ vars.app_url }} {{ vars.region }} {{ vars.team | json }}",
          html_body: "x",
          settings: {},
        },
      },
    ],
  });
}

const PREVIEW = ["preview", "hello", "-r", "ada"];

describe.concurrent("environments/<name>.json (E-084)", () => {
  it("takes precedence over environment.json, and replaces variables completely", async ({ empty }) => {
    prepare(empty);
    const base = await empty.knock(PREVIEW);
    expect(base.stdout).toContain('http://localhost eu {"name":"Blue","size":3}');
    const live = await empty.knock([...PREVIEW, "--environment", "production"]);
    expect(live.stdout).toContain('https://app.example.com eu {"name":"Red"}');
    expect(live.stdout).toContain("Dev <hi@example.com>");
    // The name in environment.json itself refers only to that file.
    expect((await empty.knock([...PREVIEW, "--environment", "development"])).stdout).toBe(base.stdout);
  });

  it("E-171 F-041 skips steps of a channel that it sets to null, also if only the channel has the type", async ({
    empty,
  }) => {
    prepare(empty);
    empty.write("knock/workflows/hello/workflow.json", {
      steps: [{ ref: "email_1", type: "channel", channel_key: "mail", template: { subject: "S", html_body: "x" } }],
    });
    empty.write("knock/environments/staging.json", { channels: { mail: null } });
    const notify = ["notify", "hello", "-r", "ada"];
    expect((await empty.knock(notify)).stdout).toContain("ada  ✓ email sandboxed");
    const { stdout, exitCode } = await empty.knock([...notify, "--environment", "staging"]);
    expect({ stdout, exitCode }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("email skipped (channel not configured: mail)"),
    });
  });

  it("is selected by the flag, then KNOCK_ENVIRONMENT, then knock.json, and config list shows the source", async ({
    empty,
  }) => {
    prepare(empty);
    const chosen = async (args: string[], env: Record<string, string> = {}) => {
      const { json } = await empty.knock(["config", "list", "--json", ...args], { env });
      const { value, source } = (json.items as JsonObject[]).find(({ name }) => name === "environment") as JsonObject;
      return [value, source];
    };
    expect(await chosen([])).toEqual([null, "default"]);
    empty.write("knock.json", { knockDir: "./knock", settings: { environment: "production" } });
    expect(await chosen([])).toEqual(["production", "project"]);
    expect((await empty.knock(PREVIEW)).stdout).toContain("https://app.example.com");
    const env = { KNOCK_ENVIRONMENT: "staging" };
    expect(await chosen([], env)).toEqual(["staging", "environment"]);
    expect((await empty.knock(PREVIEW, { env })).stdout).toContain("http://localhost");
    expect(await chosen(["--environment", "production"], env)).toEqual(["production", "flag"]);
  });

  it("causes an error with the nearest name if it does not exist", async ({ empty }) => {
    prepare(empty);
    const { stderr, exitCode } = await empty.knock([...PREVIEW, "--environment", "prodction"]);
    expect(stderr).toBe('error: there is no environment "prodction"\nhint: Did you mean "production"?');
    expect(exitCode).toBe(5);
    const validated = await empty.knock(["validate", "--environment", "prodction"]);
    expect(validated).toMatchObject({ stderr, exitCode, stdout: "" });
  });

  it("is named in the error if it is invalid", async ({ empty }) => {
    prepare(empty);
    empty.write("knock/environments/production.json", '{ "channels": {\n  "mail": { "type": "pigeon" } } }');
    const { stderr, exitCode } = await empty.knock([...PREVIEW, "--environment", "production"]);
    expect(stderr).toContain("error: knock/environments/production.json:2:21: channels.mail.type");
    expect(exitCode).toBe(3);
  });

  cliTest("applies to knock dev", async ({ empty }) => {
    prepare(empty);
    const request = `curl -s "$KNOCK_BASE_URL/__knock/page/project"`;
    const { json } = await empty.knock(["dev", "--port", "0", "--environment", "production", "--exec", request]);
    expect(json.environment).toBe("live");
  });
});
