import { describe, expect, it } from "vitest";
import type { Workflow } from "../../../src/domain/workflow/workflow.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { formatMessage, withHarness, withOptions } from "../../helpers/engine-case.js";
import type { EngineHarness, HarnessOptions } from "../../helpers/engine-harness.js";

const joined = (audience_key: string, ...steps: JsonObject[]): JsonObject => ({
  trigger: { type: "audience", audience_key },
  steps: steps.length > 0 ? steps : [step.feed("{{ recipient.id }} {{ tenant.name }}")],
});
const BROKEN = joined("beta", step.email("S", "{% if %}"));

/** Adds members of audiences, such as `beta ana` or `beta ana acme`, in the store. The engine follows them later. */
async function join(h: EngineHarness, ...members: string[]): Promise<void> {
  for (const [audience = "", user = "", tenant] of members.map((member) => member.split(" "))) {
    const member: Json = tenant === undefined ? { user } : { user, tenant };
    await h.engine.resources.audiences.add(audience, { members: [member] }, { create_audience: true });
  }
}

/** Returns the recipients of each workflow run, oldest first. */
async function listRuns(h: EngineHarness): Promise<string[]> {
  const { items } = await h.store.listRecipientRuns({}, { limit: 100 });
  const runs = new Map<string, string[]>();
  for (const { run, recipientRun } of items.reverse())
    runs.set(run.id, [...(runs.get(run.id) ?? []), recipientRun.recipient.replace("$users/", "")]);
  return [...runs.values()].map((recipients) => recipients.join(" "));
}

/** Keeps joins in the store until the returned function is called, so that several are followed together. */
function holdChanges(): { options: HarnessOptions; release(): void } {
  let isHeld = true;
  return {
    options: {
      overrideStore: (store) => ({
        listDueKinds: async (...due) => {
          const kinds = new Set(await store.listDueKinds(...due));
          if (isHeld) kinds.delete("user_changes");
          return kinds;
        },
      }),
    },
    release: () => {
      isHeld = false;
    },
  };
}

describe("joining audiences", () => {
  it.each([
    ["the same audience", ["beta ana", "beta bo"], ["ana bo"]],
    ["one after the other and again", ["beta ana", "beta bo", "gamma ana", "beta dee"], ["ana bo", "ana", "dee"]],
    ["other tenants", ["beta ana acme", "beta bo acme", "beta dee", "beta eli zeta"], ["ana bo", "dee", "eli"]],
  ])("E-387 E-388 starts one run for users who join together: %s", async (_name, members, runs) => {
    const { options, release } = holdChanges();
    await withOptions(options, async (h) => {
      h.define("welcome", joined("beta"));
      h.define("hello", joined("gamma"));
      await join(h, ...members);
      expect(await listRuns(h)).toEqual([]);
      release();
      await h.engine.runDue({});
      expect(await listRuns(h)).toEqual(runs);
    });
  });

  it("E-047 creates a missing tenant, and keeps one that exists", () =>
    withHarness(async (h) => {
      await h.identify({ collection: "$tenants", id: "acme", name: "Acme" });
      h.define("welcome", joined("beta"));
      await join(h, "beta ana acme", "beta bo zeta");
      await h.engine.runDue({});
      expect((await h.listMessages()).map(formatMessage)).toEqual([
        "ana feed delivered: <p>ana Acme</p>",
        "bo feed delivered: <p>bo</p>",
      ]);
      expect((await h.recipient({ collection: "$tenants", id: "acme" }))?.properties).toEqual({ name: "Acme" });
      expect((await h.recipient({ collection: "$tenants", id: "zeta" }))?.properties).toEqual({});
    }));

  it("E-391 starts no run for a user who was never identified", () =>
    withHarness(async (h) => {
      h.define("welcome", joined("beta"));
      await join(h, "beta nobody", "beta ana");
      await h.engine.runDue({});
      expect(await listRuns(h)).toEqual(["ana"]);
    }));

  it("warns about a workflow that could not start, and starts the others", async () => {
    const warnings: string[] = [];
    const { options, release } = holdChanges();
    await withOptions({ ...options, warn: (text) => warnings.push(text) }, async (h) => {
      h.define("broken", BROKEN);
      h.define("welcome", joined("beta"));
      h.define("hello", joined("gamma"));
      await join(h, "beta ana", "gamma bo");
      release();
      await h.engine.runDue({});
      expect(new Set(await listRuns(h))).toEqual(new Set(["ana", "bo"]));
      expect(warnings).toEqual([
        expect.stringMatching(
          /^workflow "broken", step email_1: .*; if joining beta or gamma starts this workflow, it did not$/,
        ),
      ]);
    });
  });

  it("does not warn about a broken workflow as long as no user joins an audience", async () => {
    const warnings: string[] = [];
    await withOptions({ watchUsers: true, warn: (text) => warnings.push(text) }, async (h) => {
      h.defineAudience("pros", { property: "recipient.plan", operator: "equal_to", argument: "pro" });
      h.define("broken", BROKEN);
      await h.engine.resources.users.set("ana", { plan: "free" });
      await h.engine.runDue({});
      expect(warnings).toEqual([]);
    });
  });

  it("passes on an error that is not one of the files", () =>
    withHarness(async (h) => {
      const faulty = {
        get trigger() {
          throw new TypeError("a bug");
        },
      };
      h.workflows.set("faulty", faulty as unknown as Workflow);
      await expect(join(h, "beta ana")).rejects.toThrow("a bug");
    }));

  it("leaves changes to another process that has taken them over", async () => {
    const options: HarnessOptions = {
      overrideStore: (store) => ({
        saveUserChanges: async ({ ids }, ...rest) => {
          await store.saveUserChanges({ ids, runs: [], events: [] }, ...rest);
          return { outcome: "lost" };
        },
      }),
    };
    await withOptions(options, async (h) => {
      h.define("welcome", joined("beta"));
      await join(h, "beta ana");
      await h.engine.runDue({});
      expect(await listRuns(h)).toEqual([]);
    });
  });

  it("a trigger whose step adds a user sends the messages of the run that this starts", () =>
    withHarness(async (h) => {
      h.define("welcome", joined("beta", step.email("S", "Welcome")));
      const add = { ref: "add_1", type: "update_audience", settings: { action: "add", audience_key: "beta" } };
      h.define("digest", { steps: [add] });
      await h.trigger("digest", { recipients: ["ana"] });
      expect((await h.listMessages()).map(formatMessage)).toEqual(["ana mail sent: Welcome"]);
    }));
});
