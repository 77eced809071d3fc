import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const COMMENT = ["notify", "new-comment", "--set", "page=Home", "-q"];

describe.concurrent("the reference of commands", () => {
  it("says that deleting a tenant keeps its messages and runs, and deleting a recipient deletes them", async ({
    collab,
  }) => {
    const count = async (): Promise<number[]> =>
      Promise.all(
        ["runs", "messages"].map(
          async (list) => (await collab.knock([list, "list", "-q"])).stdout.split(/\n(?=.)/).length,
        ),
      );
    await collab.knock([...COMMENT, "-r", "ada", "-t", "acme"]);
    await collab.knock([...COMMENT, "--object", "projects/p2"]);
    expect(await count()).toEqual([3, 3]);
    expect((await collab.knock(["tenants", "delete", "acme"])).exitCode).toBe(0);
    expect(await count()).toEqual([3, 3]);
    expect((await collab.knock(["objects", "delete", "projects", "p2"])).exitCode).toBe(0);
    expect((await collab.knock(["subscriptions", "list", "--recipient", "mary"])).stdout).toBe("no subscriptions");
    expect(await count()).toEqual([2, 2]);
    expect((await collab.knock(["users", "delete", "ada"])).exitCode).toBe(0);
    expect(await count()).toEqual([1, 1]);
  });

  it("says that a canceled broadcast is a draft again, or sent if it was sent before", async ({ collab }) => {
    const at = ["--at", "2030-06-04T18:00:00Z", "-r", "ada"];
    const broadcast = (...args: string[]) => collab.knock(["broadcasts", ...args]);
    await broadcast("schedule", "history-launch", ...at);
    expect((await broadcast("cancel", "history-launch")).stdout).toBe("✓ history-launch  draft");
    await broadcast("send", "history-launch", "-r", "ada");
    expect(await broadcast("schedule", "history-launch", ...at)).toMatchObject({ exitCode: 6 });
    await broadcast("schedule", "history-launch", ...at, "--again");
    expect((await broadcast("cancel", "history-launch")).stdout).toMatch(/^✓ history-launch {2}sent 20/);
  });

  it("says to whom a broadcast is sent, only once and not in the past", async ({ collab }) => {
    const broadcast = (verb: string, ...args: string[]) =>
      collab.knock(["broadcasts", verb, "history-launch", ...args]);
    expect((await broadcast("send")).stderr).toContain("no recipients are given");
    expect(await broadcast("send", "--audience", "beta", "--all-users")).toMatchObject({ exitCode: 2 });
    expect(await broadcast("schedule", "--audience", "beta", "--at", "2020-01-01")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("2020-01-01 00:00:00Z is past"),
    });
    expect((await broadcast("send", "--audience", "beta", "--json")).json.runs).toMatchObject([
      { recipients: [{ recipient: "ada" }, { recipient: "grace" }] },
    ]);
    expect(await broadcast("send", "--audience", "beta")).toMatchObject({ exitCode: 6 });
    expect(await broadcast("send", "--audience", "beta", "--again")).toMatchObject({ exitCode: 0 });
  });

  it("says what limits of payloads are, and that IDs cannot be changed", async ({ collab }) => {
    await collab.knock([...COMMENT, "-r", "ada"]);
    const message = (await collab.knock(["messages", "list", "-q"])).stdout;
    const metadata = JSON.stringify({ a: 1, b: 2, c: 3, d: 4, e: 5 });
    const mark = ["messages", "mark", message, "interacted", "--metadata"];
    const members = Array.from({ length: 1001 }, (_, index) => `user-${index}`);
    const mistakes: [args: string[], error: string][] = [
      [[...mark, metadata.replace("{", '{"f":6,')], "metadata must have at most 5 pairs, found 6"],
      [["messages", "mark", message, "seen", "--metadata", metadata], "only allowed with the status interacted"],
      [["audiences", "add", "beta", "-r", members.join(",")], "members must have at most 1000 entries, found 1001"],
      [["users", "set", "ada", "--set", "id=bob"], "IDs cannot be changed"],
      [["preview", "welcome", "-r", "projects/p1"], '{"collection":"projects","id":"p1"}'],
    ];
    for (const [args, error] of mistakes) {
      const { exitCode, stderr } = await collab.knock(args);
      expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(error) });
    }
    expect((await collab.knock([...mark, metadata])).stdout).toContain("delivered, read, interacted");
  });

  it("says which seed IDs come from, and that a frozen clock only moves with advance and set", async ({ collab }) => {
    expect((await collab.knock(["test", "welcome", "--json"])).json.seed).toBe("knock");
    expect((await collab.knock(["test", "welcome", "--json", "--seed", "s2"])).json.seed).toBe("s2");
    await collab.knock(["clock", "freeze", "2030-06-04T10:00:00Z"]);
    await collab.knock([...COMMENT, "-r", "ada"]);
    await collab.knock(["worker", "--once"]);
    const getTime = async () => (await collab.knock(["clock", "--json"])).json;
    expect(await getTime()).toMatchObject({ now: "2030-06-04T10:00:00.000Z", frozen: true });
    await collab.knock(["clock", "advance", "next"]);
    expect(await getTime()).toMatchObject({ now: "2030-06-04T10:30:00.000Z", frozen: true });
  });

  it("says that headers of knock sources send are read below headers.", async ({ collab }) => {
    const mapping = { event_type: "x", action_type: "users_identify" };
    const parameters = { user_id: "headers.X-User", properties: { plan: "body.plan" } };
    collab.write("knock/sources/hook/source.json", {
      settings: { event_type_path: "headers.x-type" },
      mappings: [{ ...mapping, action_parameters: parameters }],
    });
    const send = ["sources", "send", "hook", "-d", '{"plan":"gold"}', "--header", "X-Type: x", "--header"];
    expect((await collab.knock([...send, "x-user: ada"])).stdout).toContain("✓ users_identify ada");
    expect((await collab.knock(["users", "get", "ada", "--json"])).json.plan).toBe("gold");
    expect(await collab.knock([...send, "no-value"])).toMatchObject({ exitCode: 2 });
  });

  it("says that knock sources send verifies no signature", async ({ collab }) => {
    const source = JSON.parse(collab.read("knock/sources/billing/source.json")) as JsonObject;
    const verification = { secret: "$BILLING_SECRET" };
    collab.write("knock/sources/billing/source.json", {
      ...source,
      settings: { event_type_path: "type", verification },
    });
    const event = '{"type":"plan.changed","user_id":"ada","plan":"team"}';
    const { exitCode, stdout } = await collab.knock(["sources", "send", "billing", "-d", event], {
      env: { BILLING_SECRET: "abc" },
    });
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("✓ users_identify ada"),
    });
  });

  it("says that warnings of knock validate --strict exit 1, and those of other commands exit 3", async ({ collab }) => {
    collab.write(
      "knock/workflows/welcome/workflow.json",
      collab.read("knock/workflows/welcome/workflow.json").replace("{", '{ "zzz": 1,'),
    );
    expect((await collab.knock(["validate", "welcome", "--strict"])).exitCode).toBe(1);
    expect((await collab.knock(["notify", "welcome", "-r", "ada", "--strict"])).exitCode).toBe(3);
    expect((await collab.knock(["preview", "welcome", "--strict"])).exitCode).toBe(3);
  });
});
