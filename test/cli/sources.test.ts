import { existsSync, readFileSync } from "node:fs";
import { describe, expect, vi } from "vitest";
import type { JsonObject } from "../../src/util/json.js";
import { WAIT_OPTIONS } from "../helpers/eventually.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";

const PAID = ["sources", "send", "shop-system", "--file", "payloads/order-paid.json"];
const packed = (id: string) =>
  JSON.stringify({ type: "order.packed", id, customer: { id: "rosa" }, order: { number: "A-77", packer: "Tomas" } });

describe.concurrent("knock sources", () => {
  it("identify and trigger in the sample, and a later event ends the run's wait (E-402, E-386, E-335)", async ({
    shop,
  }) => {
    expect((await shop.knock(["sources", "list"])).stdout).toContain("order.paid → workflows_trigger order-paid");
    const paid = await shop.knock(PAID);
    expect(paid.stdout).toMatch(/✓ users_identify rosa\n.*✓ objects_set orders\/A-77\n/);
    expect(paid.stdout).toContain("○ audiences_add_member inactive");
    expect(paid.stdout).toMatch(/^‖ order-paid .*\n {2}rosa {2}‖ in-app delivered · waiting at wait_for_event_1/m);
    expect(paid.exitCode).toBe(0);
    const again = await shop.knock(PAID);
    expect(again.stdout).toContain('seen before: "evt-1" within 24 h; ignored');
    const end = await shop.knock(["sources", "send", "shop-system", "--data", packed("evt-2")]);
    expect(end.stdout).toMatch(/^✓ order-paid .*\n {2}rosa {2}✓ .*in_app_feed_2 delivered$/m);
    const { json } = await shop.knock(["feed", "list", "rosa", "--json"]);
    const items = (json.entries ?? json.items) as { blocks: { rendered: string }[] }[];
    expect(items.map(({ blocks }) => blocks[0]?.rendered.replaceAll(/<[^>]+>/g, ""))).toEqual([
      "Order A-77 is packed by Tomas.",
      "Order A-77 is paid: 49 €.",
    ]);
    const events = await shop.knock(["sources", "events", "--json"]);
    expect((events.json.items as JsonObject[]).map(({ event_type, replayed }) => [event_type, replayed])).toEqual([
      ["order.packed", false],
      ["order.paid", true],
      ["order.paid", false],
    ]);
    const table = await shop.knock(["sources", "events"]);
    expect(table.stdout).toMatch(/^RECEIVED .*\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}shop-system {2}order\.packed/);
  });

  it("exit 1 for an action that failed, and report it (E-403)", async ({ shop }) => {
    const { stdout, exitCode } = await shop.knock([...PAID, "--set", "customer:=null"]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(
      'users_identify skipped (user_id is required, and the event has no value at "customer.id")',
    );
  });

  it("report a misspelled key, a missing event, an invalid file, and the remote target", async ({ shop }) => {
    const slip = await shop.knock(["sources", "send", "shop-sytem", "--data", "{}"]);
    expect([slip.exitCode, slip.stderr]).toEqual([5, expect.stringContaining('Did you mean "shop-system"?')]);
    expect((await shop.knock(["sources", "send", "shop-system"])).exitCode).toBe(2);
    expect((await shop.knock(["sources", "list", "--remote", "--api-key", "sk_test_x"])).exitCode).toBe(3);
    shop.write("knock/sources/shop-system/source.json", '{ "mapings": [] }');
    const broken = await shop.knock(PAID);
    expect([broken.exitCode, broken.stderr]).toEqual([3, expect.stringContaining('did you mean "mappings"?')]);
  });

  it("accept events in knock dev at POST /__knock/sources/<key>", async ({ shop }) => {
    const dev = shop.start(["dev", "--port", "0", "--ready-file", "ready.json"]);
    await vi.waitFor(() => expect(existsSync(shop.path("ready.json"))).toBe(true), WAIT_OPTIONS);
    const { url } = JSON.parse(readFileSync(shop.path("ready.json"), "utf8")) as { url: string };
    const send = async (key: string, body: string) => {
      const answer = await fetch(`${url}/__knock/sources/${key}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      return { status: answer.status, body: (await answer.json()) as JsonObject };
    };
    const paid = await send("shop-system", shop.read("payloads/order-paid.json"));
    expect(paid).toMatchObject({ status: 200, body: { event_type: "order.paid", replayed: false, user_id: "rosa" } });
    expect((paid.body.actions as JsonObject[]).map(({ outcome }) => outcome)).toEqual([
      "done",
      "done",
      "inactive",
      "done",
    ]);
    expect((await send("till", "{}")).status).toBe(404);
    expect((await send("shop-system", "[")).status).toBe(400);
    const listed = (await (await fetch(`${url}/__knock/sources`)).json()) as { items: JsonObject[] };
    expect(listed.items.map(({ key }) => key)).toEqual(["shop-system"]);
    await fetch(`${url}/__knock/reset`, { method: "POST" });
    expect((await send("shop-system", shop.read("payloads/order-paid.json"))).body.replayed).toBe(false);
    dev.kill("SIGTERM");
    await dev.catch(() => {});
  });
});
