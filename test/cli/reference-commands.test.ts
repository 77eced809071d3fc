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
