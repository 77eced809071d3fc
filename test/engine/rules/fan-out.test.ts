import { describe, expect, it } from "vitest";
import { bodyOf, runsInWords, withHarness } from "../../helpers/engine-case.js";
import { type EngineHarness, step } from "../../helpers/engine-harness.js";

const project = { collection: "projects", id: "p1" };
const team = { collection: "teams", id: "t1" };
const org = { collection: "orgs", id: "o1" };

type Reference = string | { collection: string; id: string };

function subscribe(h: EngineHarness, object: { collection: string; id: string }, ...recipients: Reference[]) {
  return h.engine.resources.subscriptions.add(object, { recipients });
}

const define = (h: EngineHarness, body = "B") => h.define("digest", { steps: [step.webhook(body)] });

async function reached(h: EngineHarness, recipients: Reference[], more = {}): Promise<string[]> {
  return Object.keys(runsInWords(await h.trigger("digest", { recipients, ...more }))).sort();
}

describe("5. Fan-out", () => {
  it("E-055: an object's run and one for each subscriber", () =>
    withHarness(async (h) => {
      define(h);
      await subscribe(h, project, "ana", "bo");
      expect(await reached(h, [project])).toEqual(["ana", "bo", "projects/p1"]);
    }));

  it("E-056 E-057: two deep, the objects on the way too; no deeper", () =>
    withHarness(async (h) => {
      define(h);
      await h.identify({ collection: "floors", id: "f1", name: "First" });
      await subscribe(h, org, team);
      await subscribe(h, team, project, "ana");
      await subscribe(h, project, "bo");
      expect(await reached(h, [org])).toEqual(["ana", "orgs/o1", "projects/p1", "teams/t1"]);
    }));

  it("E-058: each recipient once, listed twice, listed and subscribed, or found by two ways", () =>
    withHarness(async (h) => {
      define(h);
      await subscribe(h, project, "ana", "bo");
      await subscribe(h, team, "bo", "cy");
      const outcome = await h.trigger("digest", { recipients: ["ana", "ana", project, team] });
      expect(outcome.recipients).toHaveLength(5);
      expect(Object.keys(runsInWords(outcome)).sort()).toEqual(["ana", "bo", "cy", "projects/p1", "teams/t1"]);
    }));

  it("E-059: listing beats subscription, the first listing later ones", () =>
    withHarness(async (h) => {
      define(h, "https://x.test/{{ data.n }}/{{ recipient.subscription.role }}");
      await h.engine.resources.subscriptions.add(project, { recipients: ["ana", "bo"], properties: { role: "owner" } });
      await h.trigger("digest", {
        recipients: [
          project,
          { id: "ana", $trigger_data: { n: "first" } },
          { id: "ana", $trigger_data: { n: "second" } },
        ],
        data: { n: "all" },
      });
      const sent = new Map((await h.messages()).map((message) => [message.recipient as string, bodyOf(message)]));
      expect(sent.get("$users/ana")).toBe("https://x.test/first/");
      expect(sent.get("$users/bo")).toBe("https://x.test/all/owner");
    }));

  it("E-060: the actor is left out as a subscriber, and reached where listed", () =>
    withHarness(async (h) => {
      define(h);
      await subscribe(h, project, "ana", "bo");
      expect(await reached(h, [project], { actor: "ana" })).toEqual(["bo", "projects/p1"]);
      expect(await reached(h, [project, "ana"], { actor: "ana" })).toEqual(["ana", "bo", "projects/p1"]);
    }));

  it("E-046: the actor is on the run and on its messages, and left out of the subscribers", () =>
    withHarness(async (h) => {
      h.define("digest", { steps: [step.feed("{{ actor.id }}")] });
      await subscribe(h, project, "bo", "ana");
      const outcome = await h.trigger("digest", { recipients: [project], actor: "bo" });
      expect(Object.keys(runsInWords(outcome)).sort()).toEqual(["ana", "projects/p1"]);
      const run = await h.engine.readRecipientRun(outcome.recipients?.[0]?.recipient_run_id as string);
      expect(run?.actor).toBe("bo");
      const messages = await h.messages("ana");
      expect(messages.map((message) => [message.actor, bodyOf(message)])).toEqual([["$users/bo", "<p>bo</p>"]]);
    }));

  it("E-062: subscription.object is the one directly subscribed to", () =>
    withHarness(async (h) => {
      define(h, "https://x.test/{{ recipient.subscription.object.id }}");
      await subscribe(h, org, team);
      await subscribe(h, team, "ana");
      await h.trigger("digest", { recipients: [org] });
      expect((await h.messages("ana")).map(bodyOf)).toEqual(["https://x.test/t1"]);
      expect((await h.messages(team)).map(bodyOf)).toEqual(["https://x.test/o1"]);
    }));

  it("E-065 E-067: an object may have more subscribers than a trigger recipients", () =>
    withHarness(async (h) => {
      define(h);
      const ids = Array.from({ length: 1_050 }, (_, n) => `many-${n}`);
      await h.identify(...ids.map((id) => ({ id })));
      for (let start = 0; start < ids.length; start += 100)
        await subscribe(h, project, ...ids.slice(start, start + 100));
      expect(await reached(h, [project])).toHaveLength(1_051);
    }));
});
