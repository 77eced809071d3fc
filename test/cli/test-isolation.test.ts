import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import { startSmtpReceiver } from "../helpers/smtp-receiver.js";

const FILE = "knock/workflows/new-comment/own.test.yaml";

/** Returns a file with one scenario that has these steps. */
const scenarioFile = (steps: string): string =>
  `workflow: new-comment\nscenarios:\n  one:\n    steps:\n${steps.replaceAll(/^/gm, "      ")}\n`;

describe.concurrent("scenarios of a hostile project", () => {
  it("deliver nothing through channels with deliver", async ({ collab }) => {
    const receiver = await startSmtpReceiver();
    const settings = { host: "127.0.0.1", port: receiver.port, tls: "none", from_address: "hi@example.com" };
    const environment = JSON.parse(collab.read("knock/environment.json"));
    environment.channels.sendgrid = { type: "email", provider: "smtp", deliver: true, settings };
    collab.write("knock/environment.json", environment);
    const notify = "- notify: { recipients: [grace], data: { page: Home }, settings: { skip_delay: true } }";
    collab.write(FILE, scenarioFile(`${notify}\n  expect: { messages: [{ channel: email, status: sent }] }`));
    const { stdout, exitCode } = await collab.knock(["test", FILE]);
    await receiver.close();
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("1 passed")]);
    expect(receiver.connections).toBe(0);
  });

  it.for([
    ["knock", "a folder is in its place"],
    ["knock/environment.json/x.txt", "a file is in the place of its folder"],
    ["knock/environment.json/a/x.txt", "a file is in the place of one of its folders"],
  ] as const)("report that %s cannot be written: %s", async ([path, reason], { collab }) => {
    collab.write(FILE, scenarioFile(`- write: { ${path}: x }\n  expect: { no_messages: true }`));
    const { stderr, stdout, exitCode } = await collab.knock(["test", FILE]);
    const message = `write: ${path} cannot be written: ${reason}`;
    expect([exitCode, stdout + stderr]).toEqual([3, expect.stringContaining(message)]);
  });

  it.runIf(process.platform !== "win32")(
    "write no file through a symbolic link out of the project",
    async ({ collab, empty }) => {
      mkdirSync(empty.path("outside"));
      symlinkSync(empty.path("outside"), collab.path("knock/partials"));
      collab.write(FILE, scenarioFile("- write: { knock/partials/x.txt: x }\n  expect: { no_messages: true }"));
      const { stderr, stdout, exitCode } = await collab.knock(["test", FILE]);
      expect(readdirSync(empty.path("outside"))).toEqual([]);
      expect([exitCode, stdout + stderr]).toEqual([3, expect.stringContaining("is outside the project")]);
    },
  );

  it.runIf(process.platform !== "win32")(
    "store no snapshots through a symbolic link out of their folder",
    async ({ collab, empty }) => {
      mkdirSync(empty.path("outside"));
      const snapshotFile = "knock/workflows/new-comment/__snapshots__/own.test.yaml.json";
      symlinkSync(empty.path("outside/x.json"), collab.path(snapshotFile));
      const notify = "- notify: { recipients: [grace], data: { page: Home } }";
      collab.write(FILE, scenarioFile(`${notify}\n  expect: { messages: [{ channel: in-app, snapshot: true }] }`));
      const { stderr, stdout, exitCode } = await collab.knock(["test", FILE]);
      expect(readdirSync(empty.path("outside"))).toEqual([]);
      expect([exitCode, stdout + stderr]).toEqual([3, expect.stringContaining("symbolic link")]);
    },
  );
});
