import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const INVITE = ["notify", "invite", "-r", "lin"];

/** Defines a workflow with one push step. */
const PUSH: JsonObject = {
  name: "Ping",
  steps: [
    {
      ref: "push_1",
      type: "channel",
      channel_type: "push",
      channel_key: "fcm",
      template: { title: "Ping", text_body: "Ping" },
    },
  ],
};
const TWO_DEVICES = JSON.stringify({ id: "zoe", channel_data: { fcm: { tokens: ["t1", "t2"] } } });

describe.concurrent("the label of a message's status", () => {
  it("E-208 is sandboxed in every command, and the API's not_sent in JSON", async ({ collab }) => {
    const { stdout } = await collab.knock(INVITE);
    expect(stdout).toMatch(/ {2}lin {2}‖ email sandboxed · waiting/);
    expect(stdout).toContain("\n1 sandboxed · 1 waiting");
    const id = (await collab.knock(["messages", "list", "--quiet"])).stdout;
    expect((await collab.knock(["messages", "list"])).stdout).toMatch(/ sandboxed +\d{4}-/);
    expect((await collab.knock(["messages", "show", id])).stdout).toContain(
      `${id}  sendgrid  sandboxed (rendered and stored, not delivered)`,
    );
    const run = (await collab.knock(["runs", "list", "--quiet"])).stdout;
    expect((await collab.knock(["runs", "show", run])).stdout).toContain(`\n  email_1: sandboxed  ${id}\n`);
    expect((await collab.knock(["messages", "mark", id, "seen"])).stdout).toBe(`✓ ${id}  sendgrid  sandboxed, seen`);
    expect((await collab.knock(["messages", "show", id, "--json"])).json).toMatchObject({ status: "not_sent" });
    const { outcome } = await collab.knock([...INVITE, "--json"]);
    expect(outcome.recipients?.[0]?.steps[0]).toMatchObject({ outcome: "sent", message_status: "not_sent" });
  });

  it("E-205 is delivered for an in-app message, which the sandbox does not hold back", async ({ collab }) => {
    const { stdout } = await collab.knock([
      "notify",
      "new-comment",
      "-r",
      "ada",
      "--set",
      "page=Home",
      "--sandbox-mode",
    ]);
    expect(stdout).toContain("in-app delivered");
    expect((await collab.knock(["messages", "list", "--status", "sandboxed"])).stdout).toBe("no messages");
    expect((await collab.knock(["messages", "list", "--status", "delivered", "--quiet"])).stdout).not.toBe("");
  });

  it("is a filter of messages list, where sent does not include it", async ({ collab }) => {
    await collab.knock(INVITE);
    const { stdout: id } = await collab.knock(["messages", "list", "--quiet"]);
    for (const status of ["sandboxed", "not_sent"])
      expect((await collab.knock(["messages", "list", "--status", status, "--quiet"])).stdout).toBe(id);
    const { stdout, stderr } = await collab.knock(["messages", "list", "--status", "sent"]);
    expect(stdout).toBe("no messages");
    expect(stderr).toContain("--status sandboxed");
    expect((await collab.knock(["messages", "list", "--status", "sandbox"])).stderr).toContain(
      'Did you mean "sandboxed"?',
    );
    expect((await collab.knock(["runs", "list", "--status", "sandboxed"])).stderr).toContain(
      'Did you mean "completed"?',
    );
  });

  it("is counted by step, while messages are counted by message: a push to two devices is one step", async ({
    collab,
  }) => {
    collab.write("knock/workflows/ping/workflow.json", PUSH);
    const { outcome } = await collab.knock(["notify", "ping", "-r", TWO_DEVICES, "--json"]);
    expect(outcome.summary).toMatchObject({ messages: 2, sent: 1 });
    expect(outcome.recipients?.[0]?.steps).toMatchObject([{ message_statuses: ["not_sent", "not_sent"] }]);
    const { stdout } = await collab.knock(["notify", "ping", "-r", TWO_DEVICES]);
    expect(stdout).toContain("push sandboxed ×2\n1 sandboxed · 2 messages");
    expect(
      (await collab.knock(["notify", "ping", "-r", TWO_DEVICES, "--expect", "messages=2", "sent=1"])).exitCode,
    ).toBe(0);
  });
});
