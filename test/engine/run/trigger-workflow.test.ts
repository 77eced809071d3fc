import { describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import type { TriggerOptions } from "../../../src/ports/operations.js";
import type { JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE } from "../../helpers/case-times.js";
import { catchRejection } from "../../helpers/catch-error.js";
import { formatMessage, formatRuns, withHarness, withOptions } from "../../helpers/engine-case.js";
import type { EngineHarness, HarnessOptions } from "../../helpers/engine-harness.js";

const FETCH = { ref: "fetch_1", type: "http_fetch", settings: { method: "get", url: "https://lark.test/a" } };

const withDigest = (steps: JsonObject[], body: (h: EngineHarness) => Promise<void>, more: JsonObject = {}) =>
  withHarness(async (h) => {
    h.define("digest", { steps, ...more });
    await body(h);
  });

const trigger = (h: EngineHarness, payload: JsonObject, options: Partial<TriggerOptions> = {}) =>
  h.engine.triggerWorkflow(parseTrigger({ recipients: ["ana"], ...payload }, "digest").trigger, {
    idempotency_key: null,
    ...options,
  });
const countRuns = async (h: EngineHarness) => (await h.store.listRecipientRuns({}, { limit: 100 })).items.length;

describe("the data of a trigger", () => {
  const SCHEMA = { trigger_data_json_schema: { type: "object", required: ["page"] } };

  it("E-030 is checked against the workflow's schema, unless the caller did so", () =>
    withDigest(
      [step.feed("Hello")],
      async (h) => {
        expect((await catchRejection(trigger(h, {}))).message).toContain("data.page is required");
        await trigger(h, {}, { isDataChecked: true });
        expect(await countRuns(h)).toBe(1);
      },
      SCHEMA,
    ));
});

describe("warnings of a trigger", () => {
  const MISSPELLED = [step.feed("{{ data.pagge }} {{ recipient.emial }}")];
  const WARNING = expect.stringMatching(
    /^step in_app_feed_1: .*and the data has "page"; .*did you mean "recipient.email"\?$/,
  );

  it("are passed to the caller, and the workflow runs", () =>
    withDigest(MISSPELLED, async (h) => {
      const warnings: string[] = [];
      await trigger(h, { data: { page: "Home" } }, { onWarning: (text) => warnings.push(text) });
      expect(warnings).toEqual([WARNING]);
      expect(await countRuns(h)).toBe(1);
    }));

  it.each([true, false])(
    "are errors if it is strict, and then nothing is stored (with a callback: %s)",
    (hasCallback) =>
      withDigest(MISSPELLED, async (h) => {
        const options = { strict: true, ...(hasCallback ? { onWarning: () => {} } : {}) };
        const error = await catchRejection(trigger(h, { data: { page: "Home" } }, options));
        expect(error.message).toMatch(/workflow "digest": step in_app_feed_1: .*and the data has "page"/);
        expect(await countRuns(h)).toBe(0);
      }),
  );

  it("are ignored without a callback, and absent if all names are right", () =>
    withDigest([step.feed("{{ data.page }}")], async (h) => {
      const data = { page: "Home" };
      await trigger(h, { data }, { strict: true, onWarning: (text) => expect.unreachable(text) });
      h.define("digest", { steps: MISSPELLED });
      await trigger(h, { data });
      expect(await countRuns(h)).toBe(2);
    }));

  it("are returned by a check, which starts nothing", () =>
    withDigest(MISSPELLED, async (h) => {
      const check = (payload: JsonObject) =>
        h.engine.checkTrigger(parseTrigger({ recipients: ["ana"], ...payload }, "digest").trigger);
      expect(await check({ data: { page: "Home" } })).toEqual([WARNING]);
      expect((await catchRejection(check({ actor: "ghost" }))).code).toBe("actor_missing");
      expect(await countRuns(h)).toBe(0);
    }));
});

describe("the parties of a trigger", () => {
  it("an actor who was never identified is an error that shows how to identify them", () =>
    withDigest([step.feed()], async (h) => {
      expect(await catchRejection(trigger(h, { actor: "ghost" }))).toMatchObject({
        code: "actor_missing",
        message: 'the actor "ghost" was never identified',
        details: [{ pointer: "/actor", message: "is unknown", value: "ghost" }],
        hint: `Identify the actor inline, for example --actor '{"id":"ghost","name":"…"}'.`,
      });
      const actor = { id: "g1", collection: "ghosts" };
      expect(await catchRejection(trigger(h, { actor }))).toMatchObject({
        message: 'the actor {"id":"g1","collection":"ghosts"} was never identified',
        hint: `Identify the actor inline, for example --actor '{"id":"g1","collection":"ghosts","name":"…"}'.`,
      });
      expect(await countRuns(h)).toBe(0);
    }));

  it("an actor can be identified inline, also as one of the recipients", () =>
    withDigest([step.feed("{{ actor.name }}")], async (h) => {
      await trigger(h, { actor: { id: "ghost", name: "Boo" } });
      await trigger(h, { actor: "ray", recipients: ["bo", { id: "ray", name: "Ray" }] });
      expect(
        (await catchRejection(trigger(h, { actor: "kim", recipients: ["kim", { id: "lea", name: "L" }] }))).code,
      ).toBe("actor_missing");
      expect((await h.listMessages()).map(formatMessage)).toEqual([
        "ana feed delivered: <p>Boo</p>",
        "bo feed delivered: <p>Ray</p>",
        "ray feed delivered: <p>Ray</p>",
      ]);
    }));

  it("a known recipient who is identified without properties does not change, and an unknown one is created", () =>
    withDigest([step.feed()], async (h) => {
      const before = await h.recipient("ana");
      h.now += MINUTE;
      await trigger(h, { recipients: [{ id: "ana" }, { id: "new" }] });
      expect(await h.recipient("ana")).toEqual(before);
      expect((await h.recipient("new"))?.inserted_at).toBe(h.now);
      await trigger(h, { recipients: [{ id: "ana", channel_data: { chatty: { connections: [] } } }] });
      expect((await h.recipient("ana"))?.updated_at).toBe(h.now);
    }));
});

describe("the source of a trigger", () => {
  it("is the API, or the one that the caller names", () =>
    withDigest([step.feed()], async (h) => {
      await trigger(h, {});
      await trigger(h, {}, { source: "rehearsal" });
      const { items } = await h.store.listRecipientRuns({}, { limit: 10 });
      expect(items.map(({ run }) => run.trigger_source)).toEqual([{ type: "rehearsal" }, { type: "api" }]);
    }));
});

describe("an idempotency key", () => {
  it("E-383 lets a repeated trigger change nothing, not even its recipients", () =>
    withDigest([step.feed()], async (h) => {
      const payload = { recipients: [{ id: "ana", name: "Ana" }] };
      const first = await trigger(h, payload, { idempotency_key: "k" });
      await h.engine.resources.users.set("ana", { name: "Anna" });
      h.now += 23 * HOUR;
      expect(await trigger(h, payload, { idempotency_key: "k" })).toEqual({ ...first, replayed: true });
      expect((await h.recipient("ana"))?.properties.name).toBe("Anna");
      h.now += 2 * HOUR;
      expect((await trigger(h, payload, { idempotency_key: "k" })).replayed).toBeUndefined();
      expect((await h.recipient("ana"))?.properties.name).toBe("Ana");
    }));

  it("A-055 E-384 is one of its branch, and its conflict names the key alone", () =>
    withDigest([step.feed()], async (h) => {
      h.define("digest", { steps: [step.feed()] }, "one");
      const onBranch = (data: JsonObject) => trigger(h, { data }, { idempotency_key: "k", branch: "one" });
      const main = await trigger(h, {}, { idempotency_key: "k" });
      const first = await onBranch({ n: 1 });
      expect(first.workflow_run_id).not.toBe(main.workflow_run_id);
      expect((await onBranch({ n: 1 })).workflow_run_id).toBe(first.workflow_run_id);
      expect(await catchRejection(onBranch({ n: 2 }))).toMatchObject({
        code: "idempotency_conflict",
        message: 'the idempotency key "k" was already used with another payload',
        details: [{ pointer: "/idempotency_key", message: "was already used with another payload", value: "k" }],
      });
    }));
});

describe("a workflow that runs once per recipient", () => {
  it("E-070 runs only for the others if another process has triggered it since", () => {
    let calls = 0;
    const options: HarnessOptions = {
      overrideStore: (store) => ({
        insertWorkflowRun: async (...run) =>
          ++calls === 1
            ? { outcome: "already_triggered", recipients: [toRecipientKey("ana")] }
            : store.insertWorkflowRun(...run),
      }),
    };
    return withOptions(options, async (h) => {
      h.define("digest", { steps: [step.feed()], trigger_frequency: "once_per_recipient" });
      expect(formatRuns(await trigger(h, { recipients: ["ana", "bo"] }))).toEqual({
        ana: "completed trigger_frequency: no steps",
        bo: "completed: in_app_feed_1 sent",
      });
    });
  });
});

describe("the limit of due work", () => {
  it.each([
    [50, 0],
    [51, 1],
  ])("a trigger with %i recipients checks it %i times", async (count, checks) => {
    let checked = 0;
    const checkDueWork = async () => {
      checked++;
    };
    await withOptions({ checkDueWork }, async (h) => {
      h.define("digest", { steps: [step.feed()] });
      await trigger(h, { recipients: Array.from({ length: count }, (_, index) => ({ id: `u${index}` })) });
      expect(checked).toBe(checks);
    });
  });
});

describe("a trigger", () => {
  const batch = { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "minutes", value: 5 } } };

  it.each<[name: string, steps: JsonObject[], looks: boolean]>([
    ["a feed message", [step.feed()], false],
    ["a delay", [step.delay("minutes", 1), step.email()], false],
    ["a batch", [batch, step.email()], false],
    ["an email to one of the recipients", [step.email()], true],
    [
      "a request for one of the recipients",
      [{ ...FETCH, conditions: buildCondition("recipient.id", "equal_to", "ana") }],
      true,
    ],
    ["a batch that is full", [{ ...batch, settings: { ...batch.settings, batch_items_max_limit: 2 } }], true],
  ])("looks for due work only if there can be some: %s", async (_name, steps, looks) => {
    let lookCount = 0;
    const options: HarnessOptions = {
      overrideStore: (store) => ({
        listDueKinds: (...due) => {
          lookCount++;
          return store.listDueKinds(...due);
        },
      }),
    };
    await withOptions(options, async (h) => {
      h.define("digest", { steps });
      await trigger(h, { recipients: ["cy", "ana"] });
      lookCount = 0;
      await trigger(h, { recipients: ["cy", "ana"] });
      expect(lookCount > 0).toBe(looks);
    });
  });

  it("writes no recipients if none is identified", async () => {
    let writes = 0;
    const options: HarnessOptions = {
      overrideStore: (store) => ({
        upsertRecipients: (...upserts) => {
          writes++;
          return store.upsertRecipients(...upserts);
        },
      }),
    };
    await withOptions(options, async (h) => {
      h.define("digest", { steps: [step.feed()] });
      await trigger(h, { recipients: ["ana", { id: "bo" }] });
      expect(writes).toBe(0);
      await trigger(h, { recipients: ["ana", { id: "bo", name: "Bo" }] });
      expect(writes).toBe(1);
    });
  });
});
