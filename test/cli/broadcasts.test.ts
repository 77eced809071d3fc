import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const SEND = ["broadcasts", "send", "history-launch"];

describe.concurrent("knock broadcasts", () => {
  it("send the sample's broadcast once, as commercial, and separately for each pair with a tenant (E-396, E-397, E-401)", async ({
    collab,
  }) => {
    expect((await collab.knock(["broadcasts"])).stdout).toMatch(/history-launch +draft/);
    const pair = '{"id":"ada","tenant":"acme","data":{"seats":"4"}}';
    const sent = await collab.knock([...SEND, "-r", "ada,lin", "-r", pair]);
    expect(sent.stdout).toContain("lin  ‖ in-app skipped (preference: commercial_subscribed = false)");
    expect(sent.stdout).toMatch(/tenant acme\n‖ history-launch .*\n {2}ada {2}‖ in-app delivered/);
    expect(sent.exitCode).toBe(0);
    const again = await collab.knock([...SEND, "-r", "ada"]);
    expect([again.exitCode, again.stderr]).toEqual([6, expect.stringContaining("Use --again to send it again.")]);
    await collab.knock(["clock", "advance", "1d"]);
    const { json } = await collab.knock(["messages", "list", "--recipient", "ada", "--channel", "sendgrid", "--json"]);
    expect(
      (json.items as { tenant: string | null; source: { type: string } }[]).map(({ tenant, source }) => [
        tenant,
        source.type,
      ]),
    ).toEqual(
      expect.arrayContaining([
        [null, "broadcast"],
        ["acme", "broadcast"],
      ]),
    );
  });

  it("send a scheduled broadcast by the clock, and make a canceled one a draft (E-399)", async ({ collab }) => {
    await collab.knock(["clock", "freeze", "2030-06-01T00:00:00Z"]);
    const schedule = ["broadcasts", "schedule", "history-launch", "--at", "2030-06-04T18:00:00Z", "--all-users"];
    expect((await collab.knock([...schedule, "--json"])).json).toMatchObject({
      status: "scheduled",
      scheduled_at: "2030-06-04T18:00:00.000Z",
    });
    expect((await collab.knock(["broadcasts", "cancel", "history-launch"])).stdout).toContain("history-launch  draft");
    await collab.knock(schedule);
    const moved = await collab.knock(["clock", "advance", "5d"]);
    expect(moved.stdout).toContain("2030-06-04 18:00:00Z  history-launch  ada  in-app delivered");
    expect((await collab.knock(["broadcasts", "list", "--json"])).json.items).toMatchObject([{ status: "sent" }]);
  });

  it("read recipients as CSV, with their data as text (E-398)", async ({ collab }) => {
    collab.write("people.csv", "id,tenant,seats\nada,acme,007\ngrace,,12\n");
    const { json } = await collab.knock([...SEND, "--csv", "people.csv", "--json"]);
    expect(json.summary).toMatchObject({ sent: 2 });
    const { json: messages } = await collab.knock(["messages", "list", "--json"]);
    expect((messages.items as { data: unknown }[]).map(({ data }) => data)).toEqual(
      expect.arrayContaining([{ seats: "007" }, { seats: "12" }]),
    );
  });

  it("read tenant_id of CSV as the tenant, identify unknown users by their columns, and skip lines without an ID", async ({
    collab,
  }) => {
    collab.write(
      "people.csv",
      "id,tenant_id,email,name,seats\nada,acme,new@example.com,Countess,7\n,,x@example.com,Nobody,1\nzoe,,zoe@example.com,Zoe,12\n",
    );
    const { json, stderr, exitCode } = await collab.knock([...SEND, "--csv", "people.csv", "--json"]);
    expect(stderr).toContain("warning: people.csv:3: skipped: it has no ID");
    expect((json.runs as { tenant: unknown }[]).map(({ tenant }) => tenant).sort()).toEqual(["acme", null].sort());
    expect([exitCode, json.summary]).toEqual([0, expect.objectContaining({ recipients: 2, failed: 0 })]);
    expect((await collab.knock(["users", "get", "zoe", "--json"])).json).toMatchObject({
      name: "Zoe",
      email: "zoe@example.com",
      seats: "12",
    });
    // Known users stay unchanged.
    expect((await collab.knock(["users", "get", "ada", "--json"])).json).not.toMatchObject({ name: "Countess" });
  });

  it("identify and add audience members from CSV, with their tenants (E-387)", async ({ collab }) => {
    const lines = Array.from({ length: 1_100 }, (_, n) => `u${n},${n === 0 ? "acme" : ""},User ${n}`);
    collab.write("members.csv", `id,tenant_id,name\n,,Nobody\n${lines.join("\n")}\n`);
    const { json, stderr, exitCode } = await collab.knock([
      "audiences",
      "add",
      "beta-csv",
      "--csv",
      "members.csv",
      "--json",
    ]);
    expect([exitCode, stderr]).toEqual([0, "warning: members.csv:2: skipped: it has no ID"]);
    expect((json.added as unknown[]).length).toBe(1_100);
    expect((await collab.knock(["users", "get", "u1099", "--json"])).json).toMatchObject({ name: "User 1099" });
    const first = await collab.knock(["audiences", "list", "beta-csv", "--limit", "50", "--json"]);
    expect((first.json.items as unknown[]).length).toBe(50);
    const empty = await collab.knock(["audiences", "add", "beta-csv", "--csv", "-"], { input: "id\n,\n" });
    expect(empty.exitCode).toBe(2);
  });

  it("report no recipients, two kinds of recipients, an unknown key, an invalid file, a workflow's key, and the remote target", async ({
    collab,
  }) => {
    expect((await collab.knock(SEND)).exitCode).toBe(2);
    expect((await collab.knock([...SEND, "--all-users", "-r", "ada"])).exitCode).toBe(2);
    const slip = await collab.knock(["broadcasts", "send", "history-lunch", "-r", "ada"]);
    expect([slip.exitCode, slip.stderr]).toEqual([5, expect.stringContaining('Did you mean "history-launch"?')]);
    expect((await collab.knock([...SEND, "--remote", "--api-key", "sk_test_x", "-r", "ada"])).exitCode).toBe(3);
    expect((await collab.knock(["notify", "history-launch", "-r", "ada"])).exitCode).toBe(5);
    const file = "knock/broadcasts/history-launch/broadcast.json";
    const sound = collab.read(file);
    collab.write(file, sound.replace('"markdown_body"', '"markdown_bodi"'));
    const broken = await collab.knock([...SEND, "-r", "ada"]);
    expect([broken.exitCode, broken.stderr]).toEqual([
      3,
      expect.stringContaining(
        'broadcast.json:10:38: steps[0].template: unknown key "markdown_bodi"; did you mean "markdown_body"?',
      ),
    ]);
    expect((await collab.knock(["broadcasts", "list"])).stdout).toMatch(/history-launch +broken/);
    collab.write("knock/broadcasts/welcome/broadcast.json", sound);
    const same = await collab.knock(["broadcasts", "send", "welcome", "-r", "ada"]);
    expect([same.exitCode, same.stderr]).toEqual([3, expect.stringContaining("a workflow has the same key")]);
  });
});
