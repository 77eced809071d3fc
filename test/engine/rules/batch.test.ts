import { describe, expect, it } from "vitest";
import {
  allRuns,
  BATCH_BODY,
  batch,
  batchedEmail,
  buildPayload,
  expectClose,
  triggerAt,
  triggerDigest,
} from "../../helpers/batch-case.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE, SECOND } from "../../helpers/case-times.js";
import {
  describeEngineCases,
  type EngineCase,
  getBodyText,
  getRecipientOutcome,
  withHarness,
} from "../../helpers/engine-case.js";

const OPEN = "paused: batch_1 waiting 2025-06-04T10:05:00Z";
const CLOSED = "completed: batch_1 passed, email_1 sent";
const ABSORBED = "completed: batch_1 halted batched";

const LONG = "x".repeat(300);
const page = (name: string) => ({ page: name });
const twelve = Array.from({ length: 11 }, (_, index) => triggerAt((index + 1) * 10 * SECOND, index + 2));

const cases: EngineCase[] = [
  {
    title: "C-207 E-247 E-248 E-249 E-253 E-271 three triggers become one message",
    workflow: batchedEmail(),
    payload: buildPayload(1, {}, { actor: "eli" }),
    runs: { ana: OPEN },
    moments: [
      triggerAt(MINUTE, 2, {
        over: { actor: "fay" },
        runs: { ana: OPEN },
        async check(h) {
          expect(await allRuns(h)).toEqual([OPEN, ABSORBED]);
        },
      }),
      triggerAt(2 * MINUTE, 3, { over: { actor: "eli" } }),
      ...expectClose(5 * MINUTE, [], ["ana mail sent: 3 by 2: 1,2,3,"], {
        runs: { ana: CLOSED },
        async check(h) {
          expect(await allRuns(h)).toEqual([CLOSED, ABSORBED, ABSORBED]);
        },
      }),
    ],
  },
  {
    title: "C-208 E-249 E-045 a batch of one trigger without an actor has no actors",
    workflow: batchedEmail(),
    payload: buildPayload(1),
    moments: expectClose(5 * MINUTE, [], ["ana mail sent: 1 by 0: 1,"]),
  },
  {
    title: "C-209 E-247 a trigger after the close opens the next batch",
    workflow: batchedEmail(),
    payload: buildPayload(1),
    moments: [
      triggerAt(6 * MINUTE, 2, { messages: ["ana mail sent: 1 by 0: 1,"] }),
      ...expectClose(
        11 * MINUTE,
        ["ana mail sent: 1 by 0: 1,"],
        ["ana mail sent: 1 by 0: 1,", "ana mail sent: 1 by 0: 2,"],
      ),
    ],
  },
  {
    title: "C-209 E-261 EQ-43 a trigger at the closing time opens the next batch",
    workflow: batchedEmail(),
    payload: buildPayload(1),
    moments: [
      triggerAt(5 * MINUTE, 2, { messages: ["ana mail sent: 1 by 0: 1,"] }),
      { at: 10 * MINUTE, messages: ["ana mail sent: 1 by 0: 1,", "ana mail sent: 1 by 0: 2,"] },
    ],
  },
  ...["page", "data.page", "{{ data.page | downcase }}"].map(
    (batch_key): EngineCase => ({
      title: `C-210 E-243 E-244 each value of the key ${batch_key} has its own batch`,
      workflow: batchedEmail({ batch_key }),
      payload: buildPayload(1, page("A")),
      moments: [
        triggerAt(MINUTE, 2, { data: page("B") }),
        triggerAt(2 * MINUTE, 3, { data: page("A") }),
        ...expectClose(5 * MINUTE, [], ["ana mail sent: 2 by 0: 1,3,"]),
        ...expectClose(
          6 * MINUTE,
          ["ana mail sent: 2 by 0: 1,3,"],
          ["ana mail sent: 2 by 0: 1,3,", "ana mail sent: 1 by 0: 2,"],
        ),
      ],
    }),
  ),
  {
    title: "C-211 E-244 a batch key may be a Liquid template",
    workflow: batchedEmail({ batch_key: "{{ data.page }}-{{ actor.id }}" }, "{{ actor.id }} {{ total_activities }}"),
    payload: buildPayload(1, page("A"), { actor: "eli" }),
    moments: [
      triggerAt(0, 2, { data: page("A"), over: { actor: "fay" } }),
      triggerAt(0, 3, { data: page("A"), over: { actor: "eli" } }),
      { at: 5 * MINUTE, messages: ["ana mail sent: eli 2", "ana mail sent: fay 1"] },
    ],
  },
  {
    title: "C-212 E-243 each recipient has their own batch",
    workflow: batchedEmail(),
    payload: buildPayload(1, {}, { recipients: ["ana", "bo"] }),
    moments: [
      triggerAt(MINUTE, 2, { over: { recipients: ["ana", "bo"] } }),
      { at: 5 * MINUTE, messages: ["ana mail sent: 2 by 0: 1,2,", "bo mail sent: 2 by 0: 1,2,"] },
    ],
  },
  {
    title: "C-213 E-245 EQ-38 a missing key value uses the empty key and adds a warning",
    workflow: batchedEmail({ batch_key: "page" }),
    payload: buildPayload(1),
    async check(h, outcome) {
      const run = await h.engine.readRecipientRun(getRecipientOutcome(outcome, "ana").recipient_run_id as string);
      expect(run?.events).toContainEqual(
        expect.objectContaining({
          event: "batch_opened",
          data: expect.objectContaining({ warnings: ["page: the batch key is missing; an empty key is used"] }),
        }),
      );
    },
    moments: [
      triggerAt(MINUTE, 2),
      triggerAt(2 * MINUTE, 3, { data: { page: null } }),
      triggerAt(3 * MINUTE, 4, { data: { page: "" } }),
      { at: 6 * MINUTE, messages: ["ana mail sent: 4 by 0: 1,2,3,4,"] },
    ],
  },
  {
    title: "C-222 E-272 the first ten of twelve activities are rendered",
    workflow: batchedEmail(),
    payload: buildPayload(1),
    moments: [...twelve, { at: 5 * MINUTE, messages: ["ana mail sent: 12 by 0: 1,2,3,4,5,6,7,8,9,10,"] }],
  },
  {
    title: "C-222 E-273 descending order renders the newest ten, oldest first",
    workflow: batchedEmail({ batch_order: "desc" }),
    payload: buildPayload(1),
    moments: [...twelve, { at: 5 * MINUTE, messages: ["ana mail sent: 12 by 0: 3,4,5,6,7,8,9,10,11,12,"] }],
  },
  {
    title: "C-223 E-272 batch_items_render_limit changes the number of rendered activities",
    workflow: batchedEmail({ batch_items_render_limit: 12 }),
    payload: buildPayload(1),
    moments: [...twelve, { at: 5 * MINUTE, messages: ["ana mail sent: 12 by 0: 1,2,3,4,5,6,7,8,9,10,11,12,"] }],
  },
  {
    title: "E-273 E-277 descending order merges the data of the rendered activities, oldest first",
    workflow: batchedEmail({ batch_items_render_limit: 2, batch_order: "desc" }, `${BATCH_BODY} {{ data.n }}`),
    payload: buildPayload(1),
    moments: [
      triggerAt(10 * SECOND, 2),
      triggerAt(20 * SECOND, 3),
      { at: 5 * MINUTE, messages: ["ana mail sent: 3 by 0: 2,3, 3"] },
    ],
  },
  {
    title: "C-224 E-276 top-level data is merged in order of arrival, without lists and objects",
    workflow: batchedEmail(
      {},
      "{{ data.a }}/{{ data.b }}/{{ data.n }}/{{ data.yes }}/{{ data.deep.k }}{{ data.list }}",
    ),
    payload: buildPayload(1, { a: "x", yes: true, deep: { k: 1 }, list: [1] }),
    moments: [triggerAt(MINUTE, 2, { data: { b: "y" } }), { at: 5 * MINUTE, messages: ["ana mail sent: x/y/2/true/"] }],
  },
  {
    title: "E-276 EQ-67 conditions see nested data",
    workflow: [
      batch(),
      step.email("S", "[{{ data.deep.k }}]", { conditions: buildCondition("data.deep.k", "equal_to", "1") }),
    ],
    payload: buildPayload(1, { deep: { k: 1 } }),
    moments: [{ at: 5 * MINUTE, runs: { ana: CLOSED }, messages: ["ana mail sent: []"] }],
  },
  {
    title: "E-276 EQ-67 conditions see long text, and the key of a later batch sees nested data",
    workflow: [
      batch(),
      step.email("S", "{{ data.s | size }}", { conditions: buildCondition("data.s", "equal_to", LONG) }),
      batch({ batch_key: "data.deep.k" }, "batch_2"),
      step.email("S", "{{ activities[0].deep.k }}{{ data.deep.k }}", {}, "mail", "email_2"),
    ],
    payload: buildPayload(1, { s: LONG, deep: { k: "v" } }),
    moments: [{ at: 10 * MINUTE, messages: ["ana mail sent: 256", "ana mail sent: v"] }],
  },
  {
    title: "E-277 EQ-41 only rendered activities are merged",
    workflow: batchedEmail({ batch_items_render_limit: 1 }, "{{ data.a }}/{{ data.n }}"),
    payload: buildPayload(1),
    moments: [triggerAt(MINUTE, 2, { data: { a: "x" } }), { at: 5 * MINUTE, messages: ["ana mail sent: /1"] }],
  },
  {
    title: "C-225 E-276 merged text is truncated to 256 characters, but text in activities is not",
    workflow: batchedEmail({}, "{{ data.s | size }} {{ activities[0].s | size }} {{ activities[0].data.s | size }}"),
    payload: buildPayload(1, { s: "é".repeat(300) }),
    moments: [{ at: 5 * MINUTE, messages: ["ana mail sent: 256 300 300"] }],
  },
  {
    title: "C-225 E-276 truncation keeps surrogate pairs together",
    workflow: batchedEmail({}, "{{ data.s }}"),
    payload: buildPayload(1, { s: "😀".repeat(300) }),
    moments: [{ at: 5 * MINUTE, messages: [`ana mail sent: ${"😀".repeat(256)}`] }],
  },
  {
    title: "C-237 E-251 EQ-39 triggers of several tenants share a batch, which has the opener's tenant",
    workflow: batchedEmail(),
    payload: buildPayload(1, {}, { tenant: "acme" }),
    moments: [
      triggerAt(MINUTE, 2, { over: { tenant: "zeta" } }),
      {
        at: 6 * MINUTE,
        messages: ["ana mail sent: 2 by 0: 1,2,"],
        async check(h) {
          expect((await h.listMessages()).map(({ tenant }) => tenant)).toEqual(["acme"]);
        },
      },
    ],
  },
  {
    title: "C-239 E-250 a second batch sees one activity",
    workflow: [batch(), batch({}, "batch_2"), step.email("S", BATCH_BODY)],
    payload: buildPayload(1),
    moments: [
      triggerAt(10 * SECOND, 2),
      triggerAt(20 * SECOND, 3),
      ...expectClose(10 * MINUTE, [], ["ana mail sent: 1 by 0: 3,"], {
        runs: { ana: "completed: batch_1 passed, batch_2 passed, email_1 sent" },
        async check(h) {
          const [message] = await h.listMessages();
          expect(message?.data).toEqual({ n: 3 }); // This activity has the merged data of the first batch.
        },
      }),
    ],
  },
  {
    title: "C-240 E-283 skip_delay does not skip a batch",
    workflow: batchedEmail(),
    payload: buildPayload(1, {}, { settings: { skip_delay: true } }),
    moments: expectClose(5 * MINUTE, [], ["ana mail sent: 1 by 0: 1,"]),
  },
  ...[1, 2].map(
    (count): EngineCase => ({
      title: `C-241 E-078 a condition on run.total_activities counts ${count} of the batch's triggers`,
      workflow: [
        batch(),
        {
          ref: "branch_1",
          type: "branch",
          branches: [
            {
              name: "many",
              conditions: buildCondition("run.total_activities", "greater_than", "1"),
              steps: [step.email("S", "many")],
            },
            { name: "default", steps: [step.email("S", "one", {}, "mail", "email_2")] },
          ],
        },
      ],
      payload: buildPayload(1),
      moments: [
        ...(count === 2 ? [triggerAt(MINUTE, 2)] : []),
        { at: 5 * MINUTE, messages: [`ana mail sent: ${count === 2 ? "many" : "one"}`] },
      ],
    }),
  ),
  {
    title: "C-242 E-274 E-275 EQ-40 actors are unique, the opener's first",
    workflow: batchedEmail({}, "{{ actor.name }}/{{ actors | size }}/{{ total_actors }}"),
    payload: buildPayload(1, {}, { actor: "eli" }),
    moments: [
      triggerAt(MINUTE, 2, { over: { actor: "fay" } }),
      triggerAt(2 * MINUTE, 3),
      triggerAt(3 * MINUTE, 4, { over: { actor: "fay" } }),
      { at: 5 * MINUTE, messages: ["ana mail sent: Eli/2/2"] },
    ],
  },
  {
    title:
      "E-271 E-272 E-274 E-275 totals count all activities, lists hold the rendered ones, and the actor is the opener's",
    workflow: batchedEmail(
      { batch_items_render_limit: 3 },
      "{{ total_activities }} {{ total_actors }} {{ activities.size }} {% for a in actors %}{{ a.id }},{% endfor %} {{ actor.id }}",
    ),
    payload: buildPayload(0, {}, { actor: "bo" }),
    moments: [
      ...["cy", "bo", "dee"].map((actor, index) => triggerAt(0, index + 1, { over: { actor } })),
      { at: 5 * MINUTE, messages: ["ana mail sent: 4 3 3 bo,cy, bo"] },
    ],
  },
  {
    title: "E-278 a batch accepts any number of activities",
    workflow: batchedEmail({}, "{{ total_activities }}"),
    payload: buildPayload(0),
    moments: [
      ...Array.from({ length: 119 }, (_, index) => triggerAt(0, index + 1)),
      { at: 5 * MINUTE, messages: ["ana mail sent: 120"] },
    ],
  },
  {
    title: "E-080 E-271 an activity has an actor, a recipient, data and a time",
    workflow: batchedEmail(
      {},
      "{% for a in activities %}{{ a.actor.name }} {{ a.recipient.plan }} {{ a.data.n }} {{ a.inserted_at }};{% endfor %}",
    ),
    payload: buildPayload(1, {}, { actor: "eli" }),
    moments: [
      triggerAt(MINUTE, 2),
      {
        at: 5 * MINUTE,
        messages: ["ana mail sent: Eli pro 1 2025-06-04T10:00:00.000Z; pro 2 2025-06-04T10:01:00.000Z;"],
      },
    ],
  },
  {
    title: "E-088 E-247 a batch with a false condition is skipped",
    workflow: [
      { ...batch(), conditions: buildCondition("recipient.plan", "equal_to", "free") },
      step.email("S", BATCH_BODY),
    ],
    payload: buildPayload(1),
    runs: { ana: "completed: batch_1 skipped condition, email_1 sent" },
    messages: ["ana mail sent: 1 by 0: 1,"],
  },
  {
    title: "E-247 a run joins a batch after a delay",
    workflow: [step.delay("minutes", 1), batch(), step.email("S", BATCH_BODY)],
    payload: buildPayload(1),
    moments: [
      triggerAt(30 * SECOND, 2),
      ...expectClose(6 * MINUTE, [], ["ana mail sent: 2 by 0: 1,2,"], {
        async check(h) {
          expect(await allRuns(h)).toEqual([
            "completed: delay_1 passed, batch_1 passed, email_1 sent",
            "completed: delay_1 passed, batch_1 halted batched",
          ]);
        },
      }),
    ],
  },
  {
    title: "E-249 the batch is still available after a delay",
    workflow: [batch(), step.delay("hours", 1), step.email("S", BATCH_BODY)],
    payload: buildPayload(1),
    moments: [triggerAt(MINUTE, 2), { at: HOUR + 5 * MINUTE, messages: ["ana mail sent: 2 by 0: 1,2,"] }],
  },
  {
    title: "E-271 a skipped later batch step does not change the batch",
    workflow: [
      batch({ batch_items_render_limit: 1 }),
      {
        ...batch({ batch_items_render_limit: 9 }, "batch_2"),
        conditions: buildCondition("recipient.plan", "equal_to", "free"),
      },
      step.delay("minutes", 1),
      step.email("S", BATCH_BODY),
    ],
    payload: buildPayload(1),
    moments: [triggerAt(MINUTE, 2), { at: 6 * MINUTE, messages: ["ana mail sent: 2 by 0: 1,"] }],
  },
  {
    title: "E-247 many recipients of one trigger open and join batches at once",
    workflow: batchedEmail(),
    async given(h) {
      await h.identify(
        ...Array.from({ length: 700 }, (_, index) => ({ id: `u${index}`, email: `u${index}@lark.test` })),
      );
    },
    payload: buildPayload(1, {}, { recipients: Array.from({ length: 700 }, (_, index) => `u${index}`) }),
    moments: [
      {
        at: MINUTE,
        action: triggerDigest(2, {}, { recipients: Array.from({ length: 700 }, (_, index) => `u${index}`) }),
      },
      {
        at: 5 * MINUTE,
        async check(h) {
          const messages = await h.listMessages();
          expect(messages).toHaveLength(700);
          expect(new Set(messages.map(({ content }) => (content as { html_body: string }).html_body))).toEqual(
            new Set(["2 by 0: 1,2,"]),
          );
        },
      },
    ],
  },
];

describeEngineCases("M. Batch", cases);

describe("M. Batch, processed late", () => {
  it("E-264 E-265 runDue returns the runs as the store saved them", () =>
    withHarness(async (h) => {
      h.define("digest", {
        steps: [
          step.delay("minutes", 1),
          batch({ batch_execution_mode: "flush_leading" }),
          step.email("S", BATCH_BODY),
        ],
      });
      await triggerDigest(1)(h);
      await triggerDigest(2)(h);
      await triggerDigest(3)(h);
      h.now += MINUTE;
      const ran = await h.engine.runDue({});
      const outcomes = ran.map(({ steps }) => steps.map(({ ref, outcome, until }) => [ref, outcome, until ?? null]));
      expect(outcomes).toEqual([
        [
          ["delay_1", "passed", null],
          ["batch_1", "passed", null],
          ["email_1", "sent", null],
        ],
        [
          ["delay_1", "passed", null],
          ["batch_1", "waiting", "2025-06-04T10:06:00.000Z"],
        ],
        [
          ["delay_1", "passed", null],
          ["batch_1", "halted", null],
        ],
      ]);
      expect(ran[0]?.steps[2]?.message_status).toBe("queued");
    }));
});

describe("M. Batch, then steps that change data", () => {
  it("E-276 E-218 data that later steps add is complete in templates and in the message", () =>
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
          step.email("S", body, { conditions: buildCondition("data.old.k", "equal_to", "1") }),
          step.email("S", "{{ data.items[1].name }}", {}, "mail", "email_2"),
        ],
      });
      const fetched = { items: [{ name: "A" }, { name: "B" }], long_note: "n".repeat(300) };
      h.respond = () => ({ status: 200, text: JSON.stringify(fetched) });
      await triggerDigest(1, { items: [{ name: "A" }, { name: "B" }], old: { k: 1 }, o: { k: 1 } })(h);
      await h.at(HOUR);
      expect((await h.listMessages()).map(getBodyText)).toEqual(["2:AB 300:2:1:0", "B"]);
      const [message] = await h.listMessages();
      expect(message?.data).toMatchObject({ ...fetched, o: { deep: { x: 1 } } });
      expect(message?.data).not.toHaveProperty("old");
    }));
});
