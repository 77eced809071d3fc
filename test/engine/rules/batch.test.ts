import { describe, expect, it } from "vitest";
import type { TriggerOutcome } from "../../../src/domain/run/outcome.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { bodyOf, messageInWords, runsInWords, withHarness } from "../../helpers/engine-case.js";
import { DAY, type EngineHarness, HOUR, MINUTE, SECOND, step, T0, when } from "../../helpers/engine-harness.js";

const BODY = "{{ total_activities }}:{% for a in activities %}{{ a.n }}{% endfor %}";

function batch(settings: JsonObject = {}, more: JsonObject = {}): JsonObject {
  return {
    ref: "batch_1",
    type: "batch",
    settings: { batch_window: { unit: "minutes", value: 10 }, ...settings },
    ...more,
  };
}

const workflow = (settings: JsonObject = {}, body = BODY): JsonObject => ({
  steps: [batch(settings), step.email("S", body)],
});

interface Sent {
  n?: Json;
  to?: string;
  tenant?: string;
  actor?: string;
  cancellation_key?: string;
  data?: JsonObject;
}

function send(h: EngineHarness, { n = 1, to = "ana", data = {}, ...more }: Sent = {}): Promise<TriggerOutcome> {
  return h.trigger("digest", { recipients: [to], data: { n, ...data }, ...more });
}

const bodies = async (h: EngineHarness) => (await h.messages()).map(bodyOf);
const words = async (h: EngineHarness) => (await h.messages()).map(messageInWords);
const run = async (h: EngineHarness, started: TriggerOutcome) => runsInWords(await h.outcome(started)).ana;

describe("16.1 keys and opening", () => {
  it("E-247 E-248 E-249 E-253: the first opens it and waits, the next joins and ends; at the close the first goes on", () =>
    withHarness(async (h) => {
      h.define("digest", workflow());
      const first = await send(h, { n: 1 });
      expect(await run(h, first)).toBe("paused: batch_1 waiting 2025-06-04T10:10:00Z");
      await h.at(9 * MINUTE);
      const second = await send(h, { n: 2 });
      expect(await run(h, second)).toBe("completed: batch_1 halted batched");
      expect(await run(h, first)).toBe("paused: batch_1 waiting 2025-06-04T10:10:00Z");
      await h.at(10 * MINUTE);
      expect(await run(h, first)).toBe("completed: batch_1 passed, email_1 sent");
      expect(await words(h)).toEqual(["ana mail sent: 2:12"]);
    }));

  it("E-243: a recipient's batch is its own", () =>
    withHarness(async (h) => {
      h.define("digest", workflow());
      await send(h, { to: "ana", n: 1 });
      await send(h, { to: "bo", n: 2 });
      await h.at(HOUR);
      expect((await words(h)).sort()).toEqual(["ana mail sent: 1:1", "bo mail sent: 1:2"]);
    }));

  it.each<[string, string]>([
    ["E-244: a bare name is one of data", "page"],
    ["E-244: a path with its prefix", "data.page"],
    ["E-244: Liquid", "{{ data.page | downcase }}"],
  ])("%s", (_title, batch_key) =>
    withHarness(async (h) => {
      h.define("digest", workflow({ batch_key }));
      await send(h, { n: 1, data: { page: "a" } });
      await send(h, { n: 2, data: { page: "b" } });
      await send(h, { n: 3, data: { page: "a" } });
      await h.at(HOUR);
      expect((await bodies(h)).sort()).toEqual(["1:2", "2:13"]);
    }),
  );

  it("E-245: keys that lead to nothing are one", () =>
    withHarness(async (h) => {
      h.define("digest", workflow({ batch_key: "data.page" }));
      await send(h, { n: 1 });
      await send(h, { n: 2, data: { page: null } });
      await send(h, { n: 3, data: { page: "" } });
      await h.at(HOUR);
      expect(await bodies(h)).toEqual(["3:123"]);
    }));

  it.each<[string, JsonObject, string[]]>([
    ["E-246: pinned steps of two branches share a batch", { workflow_version_mode: "pinned" }, ["2:12"]],
    ["E-246: latest ones do not", { workflow_version_mode: "latest" }, ["1:1", "1:2"]],
  ])("%s", (_title, settings, expected) =>
    withHarness(async (h) => {
      const within = (ref: string) => [
        { ...batch(settings), ref },
        { ...step.email("S", BODY), ref: `mail_${ref}` },
      ];
      h.define("digest", {
        steps: [
          {
            ref: "branch_1",
            type: "branch",
            branches: [
              { name: "one", conditions: when("data.n", "equal_to", "1"), steps: within("b1") },
              { name: "default", steps: within("b2") },
            ],
          },
        ],
      });
      await send(h, { n: 1 });
      await send(h, { n: 2 });
      await h.at(HOUR);
      expect((await bodies(h)).sort()).toEqual(expected);
    }),
  );

  it("E-250: of two batches in sequence the second only ever has one activity", () =>
    withHarness(async (h) => {
      h.define("digest", {
        steps: [batch(), { ...batch({ workflow_version_mode: "latest" }), ref: "batch_2" }, step.email("S", BODY)],
      });
      await send(h, { n: 1 });
      await send(h, { n: 2 });
      await h.at(HOUR);
      expect((await bodies(h)).map((body) => body.split(":")[0])).toEqual(["1"]);
    }));

  it("E-251: tenants do not split a batch; the run keeps the opener's", () =>
    withHarness(async (h) => {
      h.define("digest", workflow());
      await send(h, { n: 1, tenant: "acme" });
      await send(h, { n: 2, tenant: "umbrella" });
      await h.at(HOUR);
      expect(await bodies(h)).toEqual(["2:12"]);
      expect((await h.messages())[0]?.tenant).toBe("acme");
    }));
});

describe("16.2 window", () => {
  it.each<[string, Json]>([
    ["E-254: a timestamp", "2025-06-04T10:30:00Z"],
    ["E-254: a duration", { unit: "minutes", value: 30 }],
  ])("%s of the opener's data; a later value has no effect", (_title, until) =>
    withHarness(async (h) => {
      h.define("digest", workflow({ batch_window: null, batch_until_field_path: "data.until" }));
      const first = await send(h, { n: 1, data: { until } });
      await send(h, { n: 2, data: { until: "2025-06-04T11:30:00Z" } });
      expect(await run(h, first)).toBe("paused: batch_1 waiting 2025-06-04T10:30:00Z");
      await h.at(30 * MINUTE);
      expect(await bodies(h)).toEqual(["2:12"]);
    }),
  );

  it("E-255: an offset from a timestamp", () =>
    withHarness(async (h) => {
      const before = { unit: "hours", value: -1 };
      h.define("digest", workflow({ batch_window: before, batch_until_field_path: "data.until" }));
      const first = await send(h, { data: { until: "2025-06-04T12:00:00Z" } });
      expect(await run(h, first)).toBe("paused: batch_1 waiting 2025-06-04T11:00:00Z");
    }));

  it.each<[string, Json]>([
    ["missing", null],
    ["no time", "soon"],
    ["past", "2025-06-04T09:00:00Z"],
  ])("E-256: a window that is %s is an error, and the run goes on unbatched", (_title, until) =>
    withHarness(async (h) => {
      h.define("digest", workflow({ batch_window: null, batch_until_field_path: "data.until" }));
      const started = await send(h, { data: { until } });
      expect(await run(h, started)).toBe("completed: batch_1 skipped invalid_window, email_1 sent");
      expect(await bodies(h)).toEqual(["1:1"]);
      const detail = await h.engine.readRecipientRun(started.recipients?.[0]?.recipient_run_id as string);
      expect(detail?.error_count).toBe(1);
    }),
  );

  const sliding = {
    batch_window_type: "sliding",
    batch_window_extension_limit: { unit: "minutes", value: 15 },
  };

  it("E-257: each join moves the close, but not beyond the limit", () =>
    withHarness(async (h) => {
      h.define("digest", workflow(sliding));
      const first = await send(h, { n: 1 });
      await h.at(3 * MINUTE);
      await send(h, { n: 2 });
      expect(await run(h, first)).toBe("paused: batch_1 waiting 2025-06-04T10:13:00Z");
      await h.at(12 * MINUTE);
      await send(h, { n: 3 });
      expect(await run(h, first)).toBe("paused: batch_1 waiting 2025-06-04T10:15:00Z");
      await h.at(15 * MINUTE);
      expect(await bodies(h)).toEqual(["3:123"]);
    }));

  it("E-258: a join slides by the window of its own scope", () =>
    withHarness(async (h) => {
      h.define("digest", workflow({ ...sliding, batch_window: null, batch_until_field_path: "data.pause" }));
      const first = await send(h, { n: 1, data: { pause: { unit: "minutes", value: 5 } } });
      await h.at(MINUTE);
      await send(h, { n: 2, data: { pause: { unit: "minutes", value: 7 } } });
      expect(await run(h, first)).toBe("paused: batch_1 waiting 2025-06-04T10:08:00Z");
    }));

  it("E-261: at the exact close a trigger opens the next batch", () =>
    withHarness(async (h) => {
      h.define("digest", workflow());
      await send(h, { n: 1 });
      await h.at(10 * MINUTE);
      const second = await send(h, { n: 2 });
      expect(await run(h, second)).toBe("paused: batch_1 waiting 2025-06-04T10:20:00Z");
      expect(await bodies(h)).toEqual(["1:1"]);
    }));

  it("E-022 E-263: switched off, triggers are refused and a window that closes ends the run", () =>
    withHarness(async (h) => {
      h.define("digest", workflow());
      const first = await send(h, { n: 1 });
      h.environment.active.digest = false;
      await expect(send(h, { n: 2 })).rejects.toMatchObject({ code: "workflow_inactive" });
      await h.at(HOUR);
      expect(await run(h, first)).toBe("cancelled: batch_1 cancelled workflow_unavailable");
      expect(await bodies(h)).toEqual([]);
    }));
});

describe("16.3 flush_leading", () => {
  it("E-264 E-265: the first goes on at once, alone; at the close the second goes on with the rest", () =>
    withHarness(async (h) => {
      h.define("digest", workflow({ batch_execution_mode: "flush_leading" }));
      const first = await send(h, { n: 1 });
      expect(await run(h, first)).toBe("completed: batch_1 passed, email_1 sent");
      await h.at(MINUTE);
      const second = await send(h, { n: 2 });
      await send(h, { n: 3 });
      await h.at(10 * MINUTE);
      expect(await run(h, second)).toBe("completed: batch_1 passed, email_1 sent");
      expect(await bodies(h)).toEqual(["1:1", "2:23"]);
    }));

  it("E-266: without a second nothing happens at the close", () =>
    withHarness(async (h) => {
      h.define("digest", workflow({ batch_execution_mode: "flush_leading" }));
      await send(h, { n: 1 });
      await h.at(HOUR);
      await send(h, { n: 2 });
      expect(await bodies(h)).toEqual(["1:1", "1:2"]);
    }));
});

describe("16.4 version mode", () => {
  it("E-015 E-267: of latest mode, the batch outlives a new version and goes on with it", () =>
    withHarness(async (h) => {
      h.define("digest", workflow({ workflow_version_mode: "latest" }));
      await send(h, { n: 1 });
      h.define("digest", workflow({ workflow_version_mode: "latest" }, `new ${BODY}`));
      await send(h, { n: 2 });
      await h.at(HOUR);
      expect(await bodies(h)).toEqual(["new 2:12"]);
    }));

  it.each<[string, JsonObject]>([
    ["E-268 E-270: pinned, each version has its batch and its own steps", { workflow_version_mode: "pinned" }],
    ["E-269: as it is without the field", {}],
  ])("%s", (_title, settings) =>
    withHarness(async (h) => {
      h.define("digest", workflow(settings));
      await send(h, { n: 1 });
      h.define("digest", workflow({ workflow_version_mode: "latest" }, `new ${BODY}`));
      await send(h, { n: 2 });
      await h.at(HOUR);
      expect((await bodies(h)).sort()).toEqual(["1:1", "new 1:2"]);
    }),
  );
});

describe("16.5 after closing", () => {
  it("E-271 E-272 E-274 E-275: totals count all, lists hold as many as are rendered; the actor is the opener's", () =>
    withHarness(async (h) => {
      const body =
        "{{ total_activities }} {{ total_actors }} {{ activities.size }} {% for a in actors %}{{ a.id }},{% endfor %} {{ actor.id }}";
      h.define("digest", workflow({ batch_items_render_limit: 3 }, body));
      for (const [n, actor] of ["bo", "cy", "bo", "dee"].entries()) await send(h, { n, actor });
      await h.at(HOUR);
      expect(await bodies(h)).toEqual(["4 3 3 bo,cy, bo"]);
    }));

  it.each<[string, string, string]>([
    ["E-273 E-277: asc renders the oldest", "asc", "5:01 1"],
    ["E-273 E-277: desc the newest, oldest first, and data is of those", "desc", "5:34 4"],
  ])("%s", (_title, batch_order, expected) =>
    withHarness(async (h) => {
      h.define("digest", workflow({ batch_items_render_limit: 2, batch_order }, `${BODY} {{ data.n }}`));
      for (let n = 0; n < 5; n++) {
        await send(h, { n });
        await h.at((n + 1) * 5 * SECOND);
      }
      await h.at(HOUR);
      expect(await bodies(h)).toEqual([expected]);
    }),
  );

  it("E-276: data is merged in order of arrival, then reduced: no lists or objects, text cut to 256", () =>
    withHarness(async (h) => {
      const body = "{{ data.n }}|{{ data.a }}|{{ data.b }}|{{ data.list }}|{{ data.o }}|{{ data.long | size }}";
      h.define("digest", workflow({}, body));
      await send(h, { n: 1, data: { a: true, list: [1], o: { x: 1 }, long: "x".repeat(300) } });
      await send(h, { n: 2, data: { b: "second" } });
      await h.at(HOUR);
      expect(await bodies(h)).toEqual(["2|true|second|||256"]);
    }));

  it("E-276 E-218: data that later steps add stays whole, in templates and in the message", () =>
    withHarness(async (h) => {
      const body = [
        "{{ data.items | size }}:{% for item in items %}{{ item.name }}{% endfor %}",
        "{{ data.note | size }}:{{ data.count }}:{{ data.o.deep.x }}:{{ data.old | size }}",
      ].join(" ");
      const added = '{"note": "{{ data.long_note }}", "count": {{ data.items | size }}, "o": {"deep": {"x": 1}}}';
      h.define("digest", {
        steps: [
          batch(),
          { ref: "fetch_1", type: "http_fetch", settings: { method: "get", url: "https://lark.test/items" } },
          { ref: "update_1", type: "update_data", settings: { data: added } },
          step.email("S", body, { conditions: when("data.old.k", "equal_to", "1") }),
          step.email("S", "{{ data.items[1].name }}", {}, "mail", "email_2"),
        ],
      });
      const fetched = { items: [{ name: "A" }, { name: "B" }], long_note: "n".repeat(300) };
      h.respond = () => ({ status: 200, text: JSON.stringify(fetched) });
      await send(h, { n: 1, data: { items: [{ name: "A" }, { name: "B" }], old: { k: 1 }, o: { k: 1 } } });
      await h.at(HOUR);
      expect(await bodies(h)).toEqual(["2:AB 300:2:1:0", "B"]);
      const [message] = await h.messages();
      expect(message?.data).toMatchObject({ ...fetched, o: { deep: { x: 1 } } });
      expect(message?.data).not.toHaveProperty("old");
    }));

  it("E-276 EQ-67: a batch key and conditions after a batch see the merged data whole", () =>
    withHarness(async (h) => {
      const long = "x".repeat(300);
      h.define("digest", {
        steps: [
          batch(),
          step.email("S", "{{ data.long | size }}", { conditions: when("data.long", "equal_to", long) }),
          batch({ batch_key: "data.o.k" }, { ref: "batch_2" }),
          step.email("S", "{{ activities[0].o.k }}{{ data.o.k }}", {}, "mail", "email_2"),
        ],
      });
      await send(h, { n: 1, data: { long, o: { k: "v" } } });
      await h.at(HOUR);
      expect(await bodies(h)).toEqual(["256", "v"]);
    }));

  it("E-278: any number of items may gather", () =>
    withHarness(async (h) => {
      h.define("digest", workflow({}, "{{ total_activities }}"));
      for (let n = 0; n < 120; n++) await send(h, { n });
      await h.at(HOUR);
      expect(await bodies(h)).toEqual(["120"]);
    }));

  it("E-155: preference conditions see the batch's first activity", () =>
    withHarness(async (h) => {
      h.define("digest", workflow());
      const conditions = [{ variable: "data.n", operator: "equal_to", argument: "1" }];
      await h.identify({ id: "ana", preferences: { default: { channel_types: { email: { conditions } } } } });
      await send(h, { n: 1 });
      await send(h, { n: 2 });
      await h.at(HOUR);
      await send(h, { n: 3 });
      await send(h, { n: 1 });
      await h.at(2 * HOUR);
      expect(await bodies(h)).toEqual(["2:12"]);
    }));

  it("E-283: skip_delay does not skip a batch", () =>
    withHarness(async (h) => {
      h.define("digest", workflow());
      const started = await h.trigger("digest", { recipients: ["ana"], settings: { skip_delay: true } });
      expect(await run(h, started)).toBe("paused: batch_1 waiting 2025-06-04T10:10:00Z");
    }));
});

describe("16.5 cancellation", () => {
  const keyed = async (h: EngineHarness) => {
    h.define("digest", { steps: [batch(), step.delay("days", 1), step.email("S", BODY)] });
    const first = await send(h, { n: 1, cancellation_key: "k1" });
    await send(h, { n: 2, cancellation_key: "k2" });
    await send(h, { n: 3, cancellation_key: "k3" });
    return first;
  };

  it("E-279 E-361: a cancelled item leaves the open batch", () =>
    withHarness(async (h) => {
      await keyed(h);
      await h.cancel("digest", "k2");
      await h.at(2 * DAY);
      expect(await bodies(h)).toEqual(["2:13"]);
    }));

  it("E-280: the opener's cancellation removes its item and leaves the window", () =>
    withHarness(async (h) => {
      const first = await keyed(h);
      await h.cancel("digest", "k1");
      expect(await run(h, first)).toBe("paused: batch_1 waiting 2025-06-04T10:10:00Z");
      await h.at(2 * DAY);
      expect(await bodies(h)).toEqual(["2:23"]);
    }));

  it("E-281 E-193: with every item cancelled no channel step makes a message", () =>
    withHarness(async (h) => {
      const first = await keyed(h);
      for (const key of ["k1", "k2", "k3"]) await h.cancel("digest", key);
      await h.at(2 * DAY);
      expect(await run(h, first)).toBe("completed: batch_1 passed, delay_1 passed, email_1 skipped empty_batch");
      expect(await bodies(h)).toEqual([]);
    }));

  it("E-282: after the close only the opener's key cancels, used before or not", () =>
    withHarness(async (h) => {
      const first = await keyed(h);
      await h.cancel("digest", "k1");
      await h.at(20 * MINUTE);
      await h.cancel("digest", "k2");
      expect(await run(h, first)).toMatch(/^paused: batch_1 passed, delay_1 waiting/);
      await h.cancel("digest", "k1");
      expect(await run(h, first)).toMatch(/^cancelled: /);
      await h.moveTo(T0 + 2 * DAY);
      expect(await bodies(h)).toEqual([]);
    }));
});
