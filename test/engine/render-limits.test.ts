import { describe, expect, it } from "vitest";
import { createTextCompiler, type RenderScope } from "../../src/engine/liquid/liquid.js";
import type { LiquidMode } from "../../src/engine/liquid/liquid-mode.js";
import type { JsonObject } from "../../src/util/json.js";
import { buildBannerStep, step } from "../helpers/build-steps.js";
import { formatRuns, getBodyText, withHarness } from "../helpers/engine-case.js";
import type { EngineHarness } from "../helpers/engine-harness.js";
import { DOUBLING_CAPTURE, doubleCapture, NESTED_LIST, SLOW_OUTPUT } from "../helpers/hostile-inputs.js";
import {
  SHORT_TIME_LIMIT,
  SHORTEST_LIMIT_MS,
  SHORTEST_TIME_LIMIT,
  useShortRenderLimit,
} from "../helpers/short-render-limit.js";

const repeatFilter = (filter: string): string =>
  `{% assign s = text %}{% for i in (1..60) %}{% assign s = s | ${filter} %}{% endfor %}`;

const SCOPE: RenderScope = {
  text: "b".repeat(20_000),
  items: Array.from({ length: 1_000 }, (_, x) => ({ x, name: "n".repeat(50) })),
};

describe("templates whose filters and captures need much memory", () => {
  for (const mode of ["interpret", "compile"] satisfies LiquidMode[])
    it.each([
      ["a nested list that is printed", `${NESTED_LIST}{{ l }}`],
      ["a nested list as JSON", `${NESTED_LIST}{{ l | json }}`],
      ["a nested list in a text filter", `${NESTED_LIST}{{ l | upcase }}`],
      ["a nested list as an argument", `${NESTED_LIST}{{ 'x' | append: l }}`],
      ["a nested list as a sentence", `${NESTED_LIST}{{ l | array_to_sentence_string }}`],
      ["a nested list that is joined", `${NESTED_LIST}{{ l | join: ',' }}`],
      ["a nested list that is flattened", `${NESTED_LIST}{{ l | compact | size }}`],
      ["a nested list that is compared", `${NESTED_LIST}{% assign m = items | where: 'x', l %}`],
      ["a nested list that is hashed", `${NESTED_LIST}{{ l | sha256 }}`],
      ["a nested list made by unshift", `${NESTED_LIST.replace("push", "unshift")}{{ l }}`],
      [
        "maps in a list that doubles",
        "{% assign l = items %}{% for i in (1..13) %}{% assign l = l | concat: l %}{% endfor %}{{ l | json }}",
      ],
      ["the intersection of long lists", "{% assign l = (1..900000) %}{{ l | intersect: l | size }}"],
      ["the different items of a long list", "{{ (1..900000) | uniq | size }}"],
      ["a long list that is sorted", "{{ (1..3900000) | sort | size }}"],
      ["base64 of base64", repeatFilter("base64_url_safe_encode")],
      ["JSON of JSON", repeatFilter("json | json")],
      ["a text that doubles", repeatFilter("append: s")],
      ["a capture that doubles", DOUBLING_CAPTURE],
      [
        "many captures",
        doubleCapture(19) + Array.from({ length: 9 }, (_, n) => `{% capture b${n} %}{{ a }}{% endcapture %}`).join(""),
      ],
      ["a long capture", "{% capture a %}{% for i in (1..2000) %}{{ text }}{% endfor %}{% endcapture %}"],
      ["a long ifchanged", "{% ifchanged %}{% for i in (1..2000) %}{{ text }}{% endfor %}{% endifchanged %}"],
    ])(`are stopped: %s (${mode})`, (_what, template) => {
      const text = createTextCompiler("w", { mode })(template, "steps[0].template.subject");
      expect(() => text(SCOPE)).toThrow(/exceeds the memory limit|the output is longer than the limit/);
    });

  it("are not stopped if they build a list of a thousand items", () => {
    const template =
      "{% assign l = '' | split: '' %}{% for i in items %}{% assign l = l | push: i %}{% endfor %}{{ l | map: 'x' | uniq | sort | join: ',' | size }} {{ l | json | size }}";
    for (const mode of ["interpret", "compile"] satisfies LiquidMode[])
      expect(createTextCompiler("w", { mode })(template, "steps[0].template.subject")(SCOPE)).toBe("3889 69891");
  });
});

/** Returns the detail of the reason of a step of the only run. */
async function readDetail(h: EngineHarness, definition: object, payload: object = {}): Promise<string | null> {
  h.define("digest", definition as Parameters<EngineHarness["define"]>[1]);
  const outcome = await h.trigger("digest", { recipients: ["ana"], ...payload });
  const [run] = outcome.recipients ?? [];
  return run?.steps.at(-1)?.reason?.detail ?? run?.reason?.detail ?? null;
}

describe("a rendering that takes longer than its limit in one call", () => {
  useShortRenderLimit(SHORTEST_LIMIT_MS);

  it.each([
    ["an email", step.email("S", SLOW_OUTPUT)],
    ["a feed message", step.feed(SLOW_OUTPUT)],
    [
      "a comparison of nested lists",
      step.feed(
        `${NESTED_LIST}${NESTED_LIST.replaceAll("l =", "k =").replaceAll("= l", "= k").replace(": l", ": k")}{% if l == k %}x{% endif %}`,
      ),
    ],
    ["a nested list that is converted to a date", step.feed(`${NESTED_LIST}{{ l | date: '%Y' }}`)],
    [
      "a condition",
      step.feed("F", { conditions: { all: [{ variable: "data.x", operator: "equal_to", argument: SLOW_OUTPUT }] } }),
    ],
    [
      "the data of an update",
      { ref: "update_data_1", type: "update_data", settings: { data: `{"a": "${SLOW_OUTPUT}"}` } },
    ],
  ])("ends the step: %s", (_what, slowStep) =>
    withHarness(async (h) => {
      expect(await readDetail(h, { steps: [slowStep] })).toBe(SHORTEST_TIME_LIMIT);
    }),
  );

  it("ends the run if it is in the trigger conditions", () =>
    withHarness(async (h) => {
      const conditions = { all: [{ variable: "data.x", operator: "equal_to", argument: SLOW_OUTPUT }] };
      expect(await readDetail(h, { conditions, steps: [step.feed()] })).toBe(SHORTEST_TIME_LIMIT);
    }));
});

describe("a rendering that takes longer than its limit, beside others", () => {
  useShortRenderLimit();

  it("has no effect on other runs of the trigger and on concurrent triggers", () =>
    withHarness(async (h) => {
      h.define("slow", {
        steps: [step.feed("F"), step.email("S", `{% if recipient.plan == "pro" %}${SLOW_OUTPUT}{% endif %}`)],
      });
      h.define("fast", { steps: [step.feed("F")] });
      const [slow, fast] = await Promise.all([
        h.trigger("slow", { recipients: ["bo", "ana", "eli"] }),
        h.trigger("fast", { recipients: ["ana", "bo"] }),
      ]);
      expect(formatRuns(slow)).toEqual({
        ana: "completed: in_app_feed_1 sent, email_1 failed render_error",
        bo: "completed: in_app_feed_1 sent, email_1 sent",
        eli: "completed: in_app_feed_1 sent, email_1 sent",
      });
      expect(formatRuns(fast)).toEqual({ ana: "completed: in_app_feed_1 sent", bo: "completed: in_app_feed_1 sent" });
    }));

  it("hides only the guide that contains it", () =>
    withHarness(async (h) => {
      h.defineGuide("slow", { steps: [buildBannerStep({ title: SLOW_OUTPUT })] });
      h.defineGuide("fast");
      const { entries, ineligible_guides } = await h.guideOperations.list({
        user: "ana",
        channel: "tours",
        tenant: null,
        data: {},
      });
      expect((entries as JsonObject[]).map(({ key }) => key)).toEqual(["fast"]);
      expect(ineligible_guides).toEqual([
        expect.objectContaining({ key: "slow", message: `Its content cannot be rendered: ${SHORT_TIME_LIMIT}` }),
      ]);
    }));

  it("translates texts afterwards", () =>
    withHarness(async (h) => {
      h.addTranslation("en", { slow: SLOW_OUTPUT, hi: "Hello" });
      h.define("slow", { steps: [step.feed("{{ 'slow' | t }}")] });
      h.define("fast", { steps: [step.feed("{{ 'hi' | t }}")] });
      const slow = await h.trigger("slow", { recipients: ["ana"] });
      expect(slow.recipients?.[0]?.steps[0]?.reason?.detail).toBe(SHORT_TIME_LIMIT);
      await h.trigger("fast", { recipients: ["bo"] });
      expect((await h.listMessages()).map(getBodyText)).toEqual(["<p>Hello</p>"]);
    }));
});
