import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { collectWorkflowWarnings } from "../../../src/domain/project/collect-workflow-warnings.js";
import { findUnknownKeys } from "../../../src/domain/schema/check-document.js";
import { described, requiredText } from "../../../src/domain/schema/fields.js";
import type { StepBase } from "../../../src/domain/step/step.js";
import { defineStep, getSettings, type RawStep } from "../../../src/domain/step/step-definition.js";
import { stepFields } from "../../../src/domain/step/step-fields.js";
import { STEP_DEFINITIONS } from "../../../src/domain/step-types/step-definitions.js";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import type { Trigger } from "../../../src/domain/trigger/trigger.js";
import { workflowSchema } from "../../../src/domain/workflow/workflow-schema.js";
import { renderText } from "../../../src/engine/liquid/liquid.js";
import type { StepHandler } from "../../../src/engine/steps/step-handler.js";
import { STEP_HANDLERS } from "../../../src/engine/steps/step-handlers.js";
import { Output } from "../../../src/output/output.js";
import { printRecipientRun } from "../../../src/output/print-runs.js";
import type { JsonObject } from "../../../src/util/json.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { catchThrown } from "../../helpers/catch-error.js";
import { getRecipientOutcome, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

// Equivalent to the two files of a step type: `domain/step-types/log.ts` and `engine/steps/log.ts`.

const schema = () =>
  z.strictObject({
    ...stepFields("log"),
    settings: described(z.strictObject({ text: requiredText("What is logged. Liquid.") }), "What is logged."),
  });

function normalize({ settings }: RawStep<typeof schema>, base: StepBase) {
  return { ...base, type: "log" as const, settings: { text: settings.text } };
}

type LogStep = ReturnType<typeof normalize>;

const logDefinition = defineStep({
  label: "a log",
  schema,
  normalize,
  check(raw, fault) {
    if (getSettings(raw).text === "secret") fault(["settings", "text"], "must not be a secret");
  },
  warn(raw, warn) {
    if (getSettings(raw).text === " ") warn(["settings", "text"], "has no effect: it is blank");
  },
  templates: ({ settings }) => ({ settings }),
  isAllowedInBroadcasts: true,
  formatResult: () => "logged",
});

const logged: string[] = [];

const logEngine = {
  execute(one: LogStep, _resumed: boolean, advancing: Parameters<StepHandler["execute"]>[2]) {
    logged.push(renderText(one.settings.text, advancing.scope));
    return { outcome: { ref: one.ref, type: one.type, outcome: "passed" as const, reason: null } };
  },
  getPreviewMode: () => "named" as const,
  preview: (one: LogStep, previewing: Parameters<StepHandler["execute"]>[2]) => [
    {
      ref: one.ref,
      channel_type: "",
      channel: null,
      contents: [{ text: renderText(one.settings.text, previewing.scope) }],
      reason: null,
      warnings: [],
    },
  ],
};

const registries = [STEP_DEFINITIONS, STEP_HANDLERS] as unknown as Record<string, unknown>[];

async function printed(run: JsonObject): Promise<string> {
  const written: string[] = [];
  const stream = { isTTY: false, columns: 100, write: (text: string) => written.push(text) > 0 };
  const streams = { stdout: stream, stderr: stream, env: {} } as unknown as Parameters<typeof Output.open>[0];
  printRecipientRun(run, await Output.open(streams));
  return written.join("");
}

const log = (text: unknown, more: JsonObject = {}): JsonObject => ({
  ref: "log_1",
  type: "log",
  settings: { text, ...more } as JsonObject,
});

function define(h: EngineHarness, text: unknown): void {
  h.define("digest", { steps: [log(text), step.feed()] });
}

describe("a step type that only adds a line to each registry", () => {
  beforeEach(() => {
    logged.length = 0;
    for (const [registry, entry] of [
      [registries[0], logDefinition],
      [registries[1], logEngine],
    ] as const)
      (registry as Record<string, unknown>).log = entry;
  });
  afterEach(() => {
    for (const registry of registries) delete registry.log;
  });

  it("is parsed, compiled, executed and printed", () =>
    withHarness(async (h) => {
      h.define("digest", {
        steps: [
          {
            ref: "b",
            type: "branch",
            branches: [
              { conditions: buildCondition("data.n", "equal_to", "1"), steps: [log("n is {{ data.n }}")] },
              {},
            ],
          },
        ],
      });
      const outcome = await h.trigger("digest", { recipients: ["ana"], data: { n: 1 } });
      expect(logged).toEqual(["n is 1"]);
      const id = getRecipientOutcome(outcome, "ana").recipient_run_id as string;
      const run = (await h.engine.readRecipientRun(id)) as JsonObject;
      expect(await printed(run)).toContain("  log_1: passed → logged\n");
    }));

  it("fails at compile time for a template that cannot be parsed", () =>
    withHarness(async (h) => {
      define(h, "{{ data.n");
      await expect(h.trigger("digest", { recipients: ["ana"] })).rejects.toMatchObject({ code: "template_invalid" });
    }));

  it("is previewed if it is named", () =>
    withHarness(async (h) => {
      define(h, "n is {{ data.n }}");
      const trigger: Trigger = parseTrigger({ recipients: ["ana"], data: { n: 2 } }, "digest").trigger;
      const previews = await h.engine.previewSteps(trigger, ["log_1"]);
      expect(previews).toMatchObject([{ ref: "log_1", contents: [{ text: "n is 2" }] }]);
    }));

  it("reports its findings, unknown keys and warnings", () =>
    withHarness(async (h) => {
      const getDefinitionError = (text: unknown) => catchThrown(() => define(h, text)).message;
      expect(getDefinitionError("")).toBe('workflow "digest": steps[0].settings.text must not be empty');
      expect(getDefinitionError("secret")).toBe('workflow "digest": steps[0].settings.text must not be a secret');
      expect(findUnknownKeys(workflowSchema(), { steps: [log("x", { txet: "y" })] })).toEqual([
        { path: ["steps", 0, "settings", "txet"], message: 'unknown key "txet"; did you mean "text"?' },
      ]);
      const project = { hasSource: () => true, hasBroadcast: () => true };
      expect(collectWorkflowWarnings({ steps: [log(" ")] }, project)).toMatchObject([
        { message: "has no effect: it is blank" },
      ]);
      const typo = { ...log("x"), type: "lgo" };
      expect(catchThrown(() => h.define("digest", { steps: [typo] })).message).toContain('did you mean "log"?');
    }));
});

describe("the registries", () => {
  it("have the same step types", () => {
    expect(Object.keys(STEP_HANDLERS).sort()).toEqual(Object.keys(STEP_DEFINITIONS).sort());
  });

  it("are the only code that distinguishes step types by name", () => {
    const source = resolve(import.meta.dirname, "../../../src");
    const names = Object.keys(STEP_DEFINITIONS).join("|");
    const comparison = new RegExp(`\\b(type|step\\.type)\\)? *[!=]==? *"(${names})"|\\bcase "(${names})":`);
    const home = /^(domain\/step-types|engine\/steps)\//;
    // Kinds of pending queries and of rows in a preference center that share a name with a step type.
    const other = ["engine/run/advance-many.ts", "features/dev/emulator/preference-center/build-switch-rows.ts"];
    const found = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
      (path) =>
        /\.tsx?$/.test(path) &&
        !home.test(path) &&
        !other.includes(path) &&
        comparison.test(readFileSync(join(source, path), "utf8")),
    );
    expect(found).toEqual([]);
  });
});
