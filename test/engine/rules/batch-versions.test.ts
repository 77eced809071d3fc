import { describe, expect, it } from "vitest";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import type { JsonObject } from "../../../src/util/json.js";
import { BATCH_BODY, batch, batchedEmail, minutes, triggerDigest } from "../../helpers/batch-case.js";
import { buildCondition, step } from "../../helpers/build-steps.js";
import { MINUTE } from "../../helpers/case-times.js";
import { formatMessage, formatRuns, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";

/** Returns a function that commits another version of `digest`. */
function define(subject: string, settings: JsonObject = {}): (h: EngineHarness) => unknown {
  return (h) => h.define("digest", { steps: [batch(settings), step.email(subject, BATCH_BODY)] });
}

const subjects = async (h: EngineHarness) =>
  (await h.listMessages()).map(
    (one) => `${(one.content as { subject_line?: string }).subject_line}: ${formatMessage(one)}`,
  );

const PINNED = { workflow_version_mode: "pinned" };

/** Returns what was sent at +10m after: version A, a trigger; at +2m version B; at +3m another trigger. */
async function overVersions(first: JsonObject, second: JsonObject | JsonObject[]): Promise<string[]> {
  let sent: string[] = [];
  await withHarness(async (h) => {
    define("A", first)(h);
    await triggerDigest(1)(h);
    await h.at(2 * MINUTE);
    if (Array.isArray(second)) h.define("digest", { steps: second });
    else define("B", second)(h);
    await h.at(3 * MINUTE);
    await triggerDigest(2)(h);
    await h.at(10 * MINUTE);
    sent = await subjects(h);
  });
  return sent;
}

describe("M. Batch and versions", () => {
  it("C-232 E-015 E-267 latest mode collects activities of several versions and continues with the newest", async () => {
    expect(await overVersions({}, {})).toEqual(["B: ana mail sent: 2 by 0: 1,2,"]);
  });

  it("C-233 E-268 pinned mode opens a batch per version", async () => {
    expect(await overVersions(PINNED, PINNED)).toEqual([
      "A: ana mail sent: 1 by 0: 1,",
      "B: ana mail sent: 1 by 0: 2,",
    ]);
  });

  it("C-234 E-269 a batch without a mode is pinned", () =>
    withHarness(async (h) => {
      for (const [n, subject] of ["A", "B"].entries()) {
        const settings = { batch_window: minutes(5) };
        h.define("digest", { steps: [{ ref: "batch_1", type: "batch", settings }, step.email(subject, BATCH_BODY)] });
        await triggerDigest(n)(h);
      }
      await h.at(10 * MINUTE);
      expect(await subjects(h)).toEqual(["A: ana mail sent: 1 by 0: 0,", "B: ana mail sent: 1 by 0: 1,"]);
    }));

  it("E-267 TQ-3 latest mode continues with the run's own version if the newest has an invalid template", () =>
    withHarness(async (h) => {
      define("A")(h);
      await triggerDigest(1)(h);
      define("{{ data.n | nope }}")(h);
      await h.at(10 * MINUTE);
      expect(await subjects(h)).toEqual(["A: ana mail sent: 1 by 0: 1,"]);
    }));

  it("C-243 E-267 latest mode continues with the run's own version if the newest has no such step", async () => {
    expect(await overVersions({}, [step.sms("{{ data.n }}")])).toEqual([
      "undefined: ana text sent: 2",
      "A: ana mail sent: 1 by 0: 1,",
    ]);
  });

  /** Returns what was sent after triggers of version A and of `published`, the last of which has no trigger. */
  async function overSeveralVersions(published: [subject: string, settings?: JsonObject][]): Promise<string[]> {
    let sent: string[] = [];
    await withHarness(async (h) => {
      define("A")(h);
      await triggerDigest(1)(h);
      for (const [index, [subject, settings]] of published.entries()) {
        define(subject, settings)(h);
        await triggerDigest(index + 2)(h);
      }
      h.define("digest", { steps: [step.sms("{{ data.n }}")] });
      await h.at(10 * MINUTE);
      sent = await subjects(h);
    });
    return sent;
  }

  it.each<[string, [string, JsonObject?][], string[]]>([
    ["the second of two", [["B"]], ["B: ana mail sent: 2 by 0: 1,2,"]],
    ["the third of three", [["B"], ["C"]], ["C: ana mail sent: 3 by 0: 1,2,3,"]],
    ["the first, which was published again", [["B"], ["A"]], ["A: ana mail sent: 3 by 0: 1,2,3,"]],
    [
      "its own if the last one is pinned",
      [["B", PINNED]],
      ["A: ana mail sent: 1 by 0: 1,", "B: ana mail sent: 1 by 0: 2,"],
    ],
  ])("E-267 latest mode continues with the last version that has the step: %s", async (_title, published, sent) => {
    expect(await overSeveralVersions(published)).toEqual(sent);
  });

  it("C-244 E-270 an open pinned batch keeps its version when the mode changes to latest", async () => {
    expect(await overVersions(PINNED, {})).toEqual(["A: ana mail sent: 1 by 0: 1,", "B: ana mail sent: 1 by 0: 2,"]);
  });

  it("E-269 an open batch without a mode keeps its version when the mode changes to latest", async () => {
    const sent = await overVersions({ workflow_version_mode: null }, {});
    expect(sent).toEqual(["A: ana mail sent: 1 by 0: 1,", "B: ana mail sent: 1 by 0: 2,"]);
  });

  it("E-270 an open latest batch keeps its version when the mode changes to pinned", async () => {
    expect(await overVersions({}, PINNED)).toEqual(["A: ana mail sent: 1 by 0: 1,", "B: ana mail sent: 1 by 0: 2,"]);
  });

  it("E-267 latest mode finds the step after it was moved into a branch", async () => {
    const branch: JsonObject = {
      ref: "branch_1",
      type: "branch",
      branches: [
        {
          name: "b1",
          conditions: buildCondition("recipient.plan", "equal_to", "pro"),
          steps: [batch(), step.email("C", BATCH_BODY)],
        },
        { name: "default", steps: [] },
      ],
    };
    expect(await overVersions({}, [step.delay("minutes", 1), branch])).toEqual(["C: ana mail sent: 2 by 0: 1,2,"]);
  });

  it("C-235 E-263 E-022 a workflow that is inactive at the close ends the run", () =>
    withHarness(async (h) => {
      define("A")(h);
      const started = await triggerDigest(1)(h);
      await h.at(MINUTE);
      h.environment.active.digest = false;
      await expect(triggerDigest(2)(h)).rejects.toMatchObject({ code: "workflow_inactive" });
      await h.at(5 * MINUTE);
      expect(formatRuns(await h.readOutcome(started))).toEqual({
        ana: "cancelled: batch_1 cancelled workflow_unavailable",
      });
      expect(await subjects(h)).toEqual([]);
    }));

  it("C-236 E-021 a workflow that was deactivated and activated again before the close continues the run", () =>
    withHarness(async (h) => {
      define("A")(h);
      await triggerDigest(1)(h);
      await h.at(MINUTE);
      h.environment.active.digest = false;
      await h.at(3 * MINUTE);
      h.environment.active.digest = true;
      await h.at(5 * MINUTE);
      expect(await subjects(h)).toEqual(["A: ana mail sent: 1 by 0: 1,"]);
    }));

  it.each([
    ["pinned", ["ana mail sent: 2 by 0: 1,2,"]],
    ["latest", ["ana mail sent: 1 by 0: 1,", "ana text sent: 1 by 0: 2,"]],
  ])("C-238 E-243 E-246 batches in two branches in %s mode", (mode, expected) =>
    withHarness(async (h) => {
      const settings = { workflow_version_mode: mode };
      h.define("digest", {
        steps: [
          {
            ref: "branch_1",
            type: "branch",
            branches: [
              {
                name: "a",
                conditions: buildCondition("data.k", "equal_to", "A"),
                steps: [batch(settings, "batch_a"), step.email("S", BATCH_BODY)],
              },
              { name: "default", steps: [batch(settings, "batch_b"), step.sms(BATCH_BODY)] },
            ],
          },
        ],
      });
      await triggerDigest(1, { k: "A" })(h);
      await triggerDigest(2, { k: "B" })(h);
      await h.at(5 * MINUTE);
      expect((await h.listMessages()).map(formatMessage)).toEqual(expected);
    }),
  );

  it("E-259 a sliding window without a limit is rejected", () => {
    const steps = batchedEmail({ batch_window_type: "sliding" });
    expect(() => parseWorkflow("digest", { name: "digest", steps })).toThrow(
      expect.objectContaining({ code: "workflow_invalid" }),
    );
  });
});
