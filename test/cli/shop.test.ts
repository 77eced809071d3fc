import { describe, expect } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import { formatOutcome, type Sample } from "../helpers/run-knock.js";

async function items(sample: Sample, ...args: string[]): Promise<JsonObject[]> {
  return (await sample.knock([...args, "--json"])).json.items as JsonObject[];
}

describe.concurrent("the sample shop", () => {
  it("sends no email in basket-left to a user who reads the message in time (E-335, E-336, E-337)", async ({
    shop,
  }) => {
    const started = await shop.knock([
      "notify",
      "basket-left",
      "-r",
      "ines,jun",
      "--set",
      'items:=["boots"]',
      "--json",
    ]);
    expect(formatOutcome(started.outcome)).toEqual([
      "ines paused: in_app_feed_1 sent, wait_for_event_1 waiting",
      "jun paused: in_app_feed_1 sent, wait_for_event_1 waiting",
    ]);
    const [message] = await items(shop, "messages", "list", "--recipient", "ines");
    await shop.knock(["messages", "mark", String(message?.id), "seen"]);
    const show = async () =>
      formatOutcome((await shop.knock(["runs", "show", started.outcome.workflow_run_id, "--json"])).outcome);
    expect((await show())[0]).toContain("ines paused");
    await shop.knock(["messages", "mark", String(message?.id), "read"]);
    expect((await show())[0]).toBe("ines cancelled: in_app_feed_1 sent, wait_for_event_1 halted (event_matched)");
    await shop.knock(["clock", "advance", "1h"]);
    expect((await show())[1]).toBe("jun completed: in_app_feed_1 sent, wait_for_event_1 passed, email_1 sent");

    const [run] = await items(shop, "runs", "list", "--recipient", "ines");
    const { stdout } = await shop.knock(["runs", "show", String(run?.id)]);
    expect(stdout).toContain('\n    true: event.step_ref equal_to "in_app_feed_1" (was "in_app_feed_1")\n');
  });

  it("shows in partner-upgraded what an earlier step has set on the tenant (E-324, E-087)", async ({ shop }) => {
    const args = ["notify", "partner-upgraded", "-r", "ines", "--set", "plan=plus", "--json"];
    const { outcome } = await shop.knock([...args, "--tenant", "atelier"]);
    expect(formatOutcome(outcome)).toEqual(["ines completed: update_tenant_1 passed, in_app_feed_1 sent"]);
    const { json } = await shop.knock(["tenants", "get", "atelier", "--json"]);
    expect(json.plan).toBe("plus");
    const without = await shop.knock(args);
    expect(formatOutcome(without.outcome)).toEqual([
      "ines completed: update_tenant_1 skipped (not_applicable), in_app_feed_1 sent",
    ]);
  });

  it("adds a user to an audience in club-join, which starts the audience's workflow (E-332, E-388, E-118)", async ({
    shop,
  }) => {
    const join = async () =>
      formatOutcome((await shop.knock(["notify", "club-join", "-r", "tomas", "--json"])).outcome);
    expect(await join()).toEqual(["tomas completed: branch_1 passed, update_audience_1 passed"]);
    const runs = await items(shop, "runs", "list", "--workflow", "club-welcome");
    expect(runs).toMatchObject([{ recipient: "tomas", trigger_source: { type: "audience", audience_key: "club" } }]);
    expect(await items(shop, "messages", "list", "--workflow", "club-welcome")).toHaveLength(1);
    expect(await items(shop, "audiences", "list", "club")).toMatchObject([{ user_id: "tomas" }]);
    expect(await join()).toEqual(["tomas completed: branch_1 passed, in_app_feed_1 sent"]);
    expect(await items(shop, "runs", "list", "--workflow", "club-welcome")).toHaveLength(1);
  });
});
