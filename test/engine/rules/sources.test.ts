import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { DAY, HOUR, MINUTE } from "../../helpers/case-times.js";
import { withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";
import { buildMapping, createSources, formatAction } from "../../helpers/source-case.js";

const TRIGGER = buildMapping("workflows_trigger", { workflow_key: "w", recipients: "user.id", data: "order" });
const IDENTIFY = buildMapping("users_identify", { user_id: "user.id", properties: "user.traits" });
const page = { limit: 100 };

const event = (more: JsonObject = {}): JsonObject => ({
  type: "paid",
  id: "e1",
  user: { id: "zed", traits: { email: "zed@lark.test" } },
  order: { n: 7 },
  ...more,
});

function define(h: EngineHarness): void {
  h.define("w", { steps: [step.email("S", "{{ recipient.email }} {{ data.n }}")] });
}

async function listRuns(h: EngineHarness): Promise<string[]> {
  const { items } = await h.engine.listRecipientRuns({}, page);
  return items.map(({ recipient, trigger_source }) => `${recipient} ${JSON.stringify(trigger_source)}`);
}

describe("W. Sources", () => {
  it("C-355 E-402 E-010 the user is identified before the run starts, whatever the order in the file", () =>
    withHarness(async (h) => {
      define(h);
      const { actions } = await createSources(h, [TRIGGER, IDENTIFY]).receive("shop", event());
      expect(actions.map(formatAction)).toEqual(["users_identify done zed", "workflows_trigger done w"]);
      expect((await h.listMessages()).map(({ content }) => content.html_body)).toEqual(["zed@lark.test 7"]);
      expect(await listRuns(h)).toEqual(['zed {"type":"integration"}']);
      expect((await h.engine.readWorkflowRun(String(actions[1]?.workflow_run_id)))?.workflow).toBe("w");
    }));

  it("C-356 E-403 an action without a required field is skipped and logged, and the other actions run", () =>
    withHarness(async (h) => {
      define(h);
      const object = buildMapping("objects_set", { collection: "orders", object_id: "order.number" });
      const sources = createSources(h, [object, IDENTIFY, TRIGGER]);
      await sources.receive("shop", event());
      const [logged] = (await sources.listEvents("shop", { limit: 10 })).items;
      expect(logged?.actions.map(formatAction)).toEqual([
        "users_identify done zed",
        'objects_set skipped: object_id is required, and the event has no value at "order.number"',
        "workflows_trigger done w",
      ]);
    }));

  it("C-357 E-386 a repeated event within 24 hours is logged without running its actions", () =>
    withHarness(async (h) => {
      define(h);
      const sources = createSources(h, [IDENTIFY, TRIGGER], { idempotency_key_path: "id" });
      await sources.receive("shop", event());
      await h.at(23 * HOUR);
      expect(await sources.receive("shop", event({ order: { n: 8 } }))).toMatchObject({ replayed: true, actions: [] });
      expect(await h.listMessages()).toHaveLength(1);
      const { items: logged } = await sources.listEvents("shop", { limit: 10 });
      expect(logged.map(({ replayed, actions }) => [replayed, actions.length])).toEqual([
        [true, 0],
        [false, 2],
      ]);
      await h.at(DAY);
      expect(await sources.receive("shop", event())).toMatchObject({ replayed: false });
      expect(await h.listMessages()).toHaveLength(2);
    }));

  it("E-386 a key belongs to an event type of a source, and is used only if all actions succeed", () =>
    withHarness(async (h) => {
      define(h);
      const sources = createSources(h, [IDENTIFY, TRIGGER], { idempotency_key_path: "id" });
      const failed = await sources.receive("shop", event({ user: { traits: {} } }));
      expect(failed.actions.map(({ outcome }) => outcome)).toEqual(["skipped", "skipped"]);
      expect(await sources.receive("shop", event())).toMatchObject({ replayed: false });
      expect(await sources.receive("shop", event({ type: "packed" }))).toMatchObject({ replayed: false });
      expect(await sources.receive("shop", event())).toMatchObject({ replayed: true });
    }));

  it("E-386 an invalid key is ignored unless keys are enforced", () =>
    withHarness(async (h) => {
      define(h);
      const lenient = createSources(h, [IDENTIFY], { idempotency_key_path: "id" });
      for (const id of [null, "", { a: 1 }, "x".repeat(256)])
        for (let times = 0; times < 2; times++)
          expect(await lenient.receive("shop", event({ id }))).toMatchObject({
            idempotency_key: null,
            replayed: false,
            error: null,
          });
      const strict = createSources(h, [IDENTIFY], { idempotency_key_path: "id", enforce_idempotency: true });
      expect(await strict.receive("shop", event({ id: null }))).toMatchObject({
        error: 'the event has no valid idempotency key at "id"',
        actions: [],
      });
    }));

  it("C-358 E-405 1,001 recipients are skipped with an error in the log, and 1,000 are accepted", () =>
    withHarness(async (h) => {
      define(h);
      const sources = createSources(h, [buildMapping("workflows_trigger", { workflow_key: "w", recipients: "users" })]);
      const users = Array.from({ length: 1_001 }, (_, index) => `u${index}`);
      const many = await sources.receive("shop", { type: "paid", users });
      expect(many.actions.map(formatAction)).toEqual(["workflows_trigger skipped: 1001 recipients, of at most 1000"]);
      expect(await listRuns(h)).toEqual([]);
      const all = await sources.receive("shop", { type: "paid", users: users.slice(1) });
      expect(all.actions.map(formatAction)).toEqual(["workflows_trigger done w"]);
    }));

  it("E-406 an inactive mapping is not executed", () =>
    withHarness(async (h) => {
      define(h);
      const sources = createSources(h, [IDENTIFY, { ...TRIGGER, active: false }]);
      const { actions } = await sources.receive("shop", event());
      expect(actions.map(formatAction)).toEqual(["users_identify done zed", "workflows_trigger inactive"]);
      expect(await listRuns(h)).toEqual([]);
    }));

  it("E-365 runs of a source can be canceled, also by an event before its trigger", () =>
    withHarness(async (h) => {
      h.define("w", { steps: [step.delay("minutes", 1), step.email("S", "{{ data.n }}")] });
      const key = { cancellation_key: "order.key" };
      const trigger = buildMapping("workflows_trigger", {
        workflow_key: "w",
        recipients: "user.id",
        data: "order",
        ...key,
      });
      const cancel = buildMapping("workflows_cancel", { workflow_key: "w", ...key });
      const sources = createSources(h, [trigger, cancel]);
      const order = (n: number) => event({ user: { id: "ana" }, order: { n, key: "o-1" } });
      await sources.receive("shop", order(1));
      const { actions } = await sources.receive("shop", order(2));
      expect(actions.map(formatAction)).toEqual(["workflows_cancel done w o-1", "workflows_trigger done w"]);
      await h.at(MINUTE);
      expect((await h.listMessages()).map(({ content }) => content.html_body)).toEqual(["2"]);
      await sources.receive("shop", order(3));
      await h.cancel("w", "o-1");
      await h.at(3 * MINUTE);
      expect(await h.listMessages()).toHaveLength(1);
    }));

  it("E-404 keys of events and keys of API triggers are independent", () =>
    withHarness(async (h) => {
      define(h);
      const sources = createSources(h, [TRIGGER], { idempotency_key_path: "id" });
      await h.trigger("w", { recipients: ["ana"], data: { n: 1 } }, "e1");
      await sources.receive("shop", event({ user: { id: "ana" } }));
      await h.trigger("w", { recipients: ["ana"], data: { n: 1 } }, "e1");
      expect((await listRuns(h)).sort()).toEqual(['ana {"type":"api"}', 'ana {"type":"integration"}']);
    }));

  it("E-335 E-339 E-342 an event continues waiting runs once, but not the runs that it starts", () =>
    withHarness(async (h) => {
      const awaited = { event_type: "integration_source", integration_source_key: "shop", event_key: "paid" };
      const wait = {
        ref: "wait_1",
        type: "wait_for_event",
        settings: { event: awaited, expires_after: { unit: "hours", value: 1 } },
      };
      h.define("w", { steps: [wait, step.email("S", "{{ refs.wait_1.signal_variables.data.order.n }}")] });
      const settings = { idempotency_key_path: "id", user_id_path: "user.id", timestamp_path: "at" };
      const sources = createSources(h, [TRIGGER], settings);
      const paid = (id: string, n: number) => event({ id, user: { id: "ana" }, order: { n } });
      await sources.receive("shop", paid("e1", 1));
      expect(await h.listMessages()).toEqual([]);
      await sources.receive("shop", paid("e1", 2));
      expect(await h.listMessages()).toEqual([]);
      await sources.receive("shop", paid("e2", 3));
      expect((await h.listMessages()).map(({ content }) => content.html_body)).toEqual(["3"]);
      expect(await sources.receive("shop", event({ id: "e4", at: "noon" }))).toMatchObject({
        error: '"at" is not a time: "noon"',
      });
    }));

  it("E-402 all kinds of actions run in a fixed order", () =>
    withHarness(async (h) => {
      define(h);
      const object = { collection: { path: "order.kind" }, object_id: "order.id" };
      const all = [
        buildMapping("audiences_remove_member", { audience_key: "gone", user_id: "user.id" }),
        buildMapping("audiences_add_member", { audience_key: "beta", user_id: "user.id", tenant: { value: "acme" } }),
        buildMapping("objects_unsubscribe", { ...object, recipients: ["user.id"] }),
        buildMapping("objects_subscribe", {
          ...object,
          recipients: "user.id",
          properties: { role: { value: "buyer" } },
        }),
        buildMapping("tenants_delete", { tenant_id: { value: "none" } }),
        buildMapping("tenants_set", { tenant_id: { value: "acme" }, properties: { name: "order.kind" } }),
        buildMapping("objects_delete", { collection: "projects", object_id: { value: "p1" } }),
        buildMapping("objects_set", { ...object, properties: "order" }),
        buildMapping("users_delete", { user_id: { value: "bo" } }),
        IDENTIFY,
      ];
      const order = { id: 12, kind: "boots" };
      const { actions } = await createSources(h, all).receive("shop", event({ order }));
      expect(actions.map(formatAction)).toEqual([
        "users_identify done zed",
        "users_delete done bo",
        "objects_set done boots/12",
        "objects_delete done projects/p1",
        "tenants_set done acme",
        "tenants_delete done none",
        "objects_subscribe done boots/12",
        "objects_unsubscribe done boots/12",
        "audiences_add_member done beta zed",
        'audiences_remove_member failed: there is no audience "gone"',
      ]);
      expect((await h.recipient({ collection: "boots", id: "12" }))?.properties).toMatchObject({ kind: "boots" });
      expect((await h.recipient({ collection: "$tenants", id: "acme" }))?.properties).toMatchObject({ name: "boots" });
      expect(await h.recipient("bo")).toBeUndefined();
    }));

  it("F-025 a workflow's event trigger is a mapping, whose data is the whole event by default", () =>
    withHarness(async (h) => {
      const trigger = (mapped: JsonObject) => ({
        type: "event",
        source_key: "shop",
        event_key: "paid",
        mapping: mapped,
      });
      h.define("own", { trigger: trigger({ recipients: "user.id" }), steps: [step.feed("{{ data.order.n }}")] });
      h.define("other", { trigger: { ...trigger({}), source_key: "till" }, steps: [step.feed("other")] });
      h.define("broken", { trigger: trigger({ recipient: "user.id" }), steps: [step.feed("broken")] });
      const warned: string[] = [];
      const { actions } = await createSources(h, [], {}, warned).receive("shop", event({ user: { id: "ana" } }));
      expect(actions.map(formatAction)).toEqual(["workflows_trigger done own"]);
      expect((await h.listMessages()).map(({ workflow }) => workflow)).toEqual(["own"]);
      expect(warned).toEqual([
        expect.stringContaining(
          'workflow "broken": trigger.mapping: unknown key "recipient"; did you mean "recipients"?',
        ),
      ]);
    }));

  it("section 17 an identify event identifies its user if the source has handle_identifies", () =>
    withHarness(async (h) => {
      const identify = { type: "identify", userId: "zed", traits: { email: "zed@lark.test" } };
      const settings = { handle_identifies: true, user_id_path: "userId" };
      const { actions } = await createSources(h, [], settings).receive("shop", identify);
      expect(actions.map(formatAction)).toEqual(["users_identify done zed"]);
      expect((await h.recipient("zed"))?.properties).toMatchObject({ email: "zed@lark.test" });
    }));

  it("A-090 an action with a typed property of the wrong type fails and stores nothing", () =>
    withHarness(async (h) => {
      const user = { id: "zed", traits: { phone_number: 15005550006 } };
      const { actions } = await createSources(h, [IDENTIFY]).receive("shop", event({ user }));
      expect(actions.map(formatAction)).toEqual([
        'users_identify failed: user "zed": phone_number must be a string or null, found a number',
      ]);
      expect(await h.recipient("zed")).toBeUndefined();
    }));

  it("a rejected trigger is reported and does not stop the other actions", () =>
    withHarness(async (h) => {
      const sources = createSources(h, [IDENTIFY, TRIGGER]);
      const { actions } = await sources.receive("shop", event());
      expect(actions.map(formatAction)).toEqual([
        "users_identify done zed",
        expect.stringContaining('workflows_trigger failed: there is no workflow "w"'),
      ]);
      await expect(sources.receive("till", event())).rejects.toThrow('there is no source "till"');
      expect(await sources.receive("shop", { kind: "paid" })).toMatchObject({
        error: 'the event has no type: no text at "type"',
      });
    }));
});
