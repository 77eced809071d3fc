import { describe, expect, it } from "vitest";
import { getChannelId } from "../../../src/domain/environment/environment.js";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { StepOutcome } from "../../../src/domain/run/outcome.js";
import type { MessageFilter, RunFilter } from "../../../src/ports/filters.js";
import type { Paged, PageRequest } from "../../../src/ports/page-request.js";
import type { JsonObject } from "../../../src/util/json.js";
import { formatOutcome, formatStep, type OpenTarget } from "./open-target.js";

const ABSENT_UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
const ABSENT_KSUID = "0ujtsYcgvSTl8PAuAdqWYSMnLOv";
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

export function describeReads(target: OpenTarget): void {
  const runs = (filter: RunFilter, page: PageRequest = { limit: 50 }) =>
    target.operations.listRecipientRuns(filter, page);
  const messages = (filter: MessageFilter, page: PageRequest = { limit: 50 }) =>
    target.operations.listMessages(filter, page);
  const plain = (recipients: string[], rest: JsonObject = {}) =>
    target.triggerAndWait("contract-plain", { recipients, data: { page: "Home" }, ...rest });

  describe("runs", () => {
    it("readWorkflowRun returns the outcome of awaitOutcome", async () => {
      const outcome = await plain(["ada", "grace"], { cancellation_key: "ck" });
      const read = await target.operations.readWorkflowRun(outcome.workflow_run_id);
      expect(read && formatOutcome(read)).toEqual(formatOutcome(outcome));
      expect(read).toMatchObject({
        workflow_run_id: outcome.workflow_run_id,
        workflow: "contract-plain",
        target: target.operations.target,
        cancellation_key: "ck",
        summary: outcome.summary,
      });
    });

    it("A-509 readRecipientRun returns the API's detail and the steps", async () => {
      const outcome = await plain(["ada"], { actor: "alan", tenant: "acme" });
      const id = outcome.recipients?.[0]?.recipient_run_id as string;
      const run = await target.operations.readRecipientRun(id);
      expect(run).toMatchObject({
        __typename: "WorkflowRecipientRun",
        id,
        workflow_run_id: outcome.workflow_run_id,
        workflow: "contract-plain",
        recipient: "ada",
        actor: "alan",
        tenant: "acme",
        status: "completed",
        error_count: 0,
        trigger_source: { type: "api" },
        inserted_at: expect.stringMatching(ISO),
        updated_at: expect.stringMatching(ISO),
      });
      const steps = (run?.steps ?? []) as unknown as StepOutcome[];
      expect(steps.map(formatStep)).toEqual(["feed_1 sent", "email_1 sent"]);
      const events = ((run?.events ?? []) as JsonObject[]).filter(({ event }) => event === "message_enqueued");
      expect(events.map(({ step_ref, attempt }) => [step_ref, attempt])).toEqual([
        ["feed_1", 1],
        ["email_1", 1],
      ]);
    });

    it("listRecipientRuns applies its filters", async () => {
      const first = await plain(["ada", "alan"], { tenant: "acme" });
      await target.triggerAndRead("contract-delayed", { recipients: ["ada", { id: "p1", collection: "projects" }] });
      const found = async (filter: RunFilter) =>
        (await runs(filter)).items.map(({ workflow, recipient }) => [workflow, recipient]);

      expect(await found({ status: "paused" })).toEqual([
        ["contract-delayed", { id: "p1", collection: "projects" }],
        ["contract-delayed", "ada"],
      ]);
      expect(await found({ workflow: "contract-plain" })).toEqual([
        ["contract-plain", "alan"],
        ["contract-plain", "ada"],
      ]);
      expect(await found({ recipient: toRecipientKey("ada") })).toEqual([
        ["contract-delayed", "ada"],
        ["contract-plain", "ada"],
      ]);
      expect(await found({ recipient: toRecipientKey({ id: "p1", collection: "projects" }) })).toHaveLength(1);
      expect(await found({ tenant: "acme" })).toHaveLength(2);
      expect(await found({ workflow_run_id: first.workflow_run_id, recipient: toRecipientKey("ada") })).toEqual([
        ["contract-plain", "ada"],
      ]);
      expect(await found({ workflow: "contract-plain", status: "paused" })).toEqual([]);
    });

    it("readWorkflowRun and readRecipientRun return null for unknown IDs", async () => {
      const outcome = await plain(["ada"]);
      const { readWorkflowRun, readRecipientRun } = bindReads(target);
      for (const id of [ABSENT_UUID, "nope", outcome.recipients?.[0]?.recipient_run_id as string]) {
        expect(await readWorkflowRun(id), id).toBeNull();
      }
      for (const id of [ABSENT_UUID, "nope", outcome.workflow_run_id]) {
        expect(await readRecipientRun(id), id).toBeNull();
      }
    });
  });

  describe("messages", () => {
    it("A-222 readDeliveryLogs returns an empty list for a message without deliveries", async () => {
      const outcome = await plain(["ada"]);
      const id = outcome.recipients?.[0]?.steps[0]?.message_id as string;
      expect(await target.operations.readDeliveryLogs(id)).toEqual([]);
    });

    it("A-472 A-473 readMessage returns the API's message and its content", async () => {
      const outcome = await plain(["ada"], { tenant: "acme" });
      const [run] = outcome.recipients ?? [];
      const id = run?.steps[1]?.message_id as string;
      expect(await target.operations.readMessage(id)).toMatchObject({
        __typename: "Message",
        id,
        recipient: "ada",
        workflow: "contract-plain",
        tenant: "acme",
        status: "not_sent",
        engagement_statuses: [],
        channel: { key: "contract-mail", type: "email" },
        source: {
          key: "contract-plain",
          categories: ["contract"],
          step_ref: "email_1",
          workflow_run_id: outcome.workflow_run_id,
          workflow_recipient_run_id: run?.recipient_run_id,
        },
        data: { page: "Home" },
        inserted_at: expect.stringMatching(ISO),
        seen_at: null,
        content: { message_id: id, data: { to: "ada@example.com", subject_line: "On Home", html_body: "<p>By </p>" } },
      });
    });

    it("listMessages applies its filters", async () => {
      const outcome = await plain(["ada", "alan"], { tenant: "acme" });
      await target.triggerAndRead("contract-delayed", { recipients: ["ada"] });
      const found = async (filter: MessageFilter) =>
        (await messages(filter)).items.map(({ recipient, channel }) => `${recipient} ${(channel as JsonObject).key}`);

      expect(await found({})).toHaveLength(4);
      expect(await found({ workflow: "contract-delayed" })).toEqual(["ada contract-feed"]);
      expect(await found({ channel: "contract-mail" })).toEqual(["ada contract-mail"]);
      expect(await found({ status: "not_sent" })).toEqual(["ada contract-mail"]);
      expect(await found({ recipient: toRecipientKey("alan") })).toEqual(["alan contract-feed"]);
      expect(await found({ tenant: "acme" })).toHaveLength(3);
      expect(await found({ workflow_run_id: outcome.workflow_run_id })).toHaveLength(3);
      expect(await found({ recipient_run_id: outcome.recipients?.[0]?.recipient_run_id as string })).toEqual([
        "ada contract-mail",
        "ada contract-feed",
      ]);
      expect(await found({ workflow: "contract-delayed", channel: "contract-mail" })).toEqual([]);
    });

    it("E-221 E-222 markMessages returns the messages in the order of the IDs", async () => {
      const outcome = await plain(["ada"]);
      const ids = outcome.recipients?.[0]?.steps.map((step) => step.message_id as string).reverse() as string[];
      const marked = await target.operations.markMessages(ids, "seen");
      expect(marked.map(({ id, engagement_statuses }) => [id, engagement_statuses])).toEqual(
        ids.map((id) => [id, ["seen"]]),
      );
      expect(marked[0]?.seen_at).toMatch(ISO);
      await target.operations.markMessages([ids[0] as string], "archived");
      await target.operations.markMessages([ids[0] as string], "unseen");
      expect(await target.operations.readMessage(ids[0] as string)).toMatchObject({
        engagement_statuses: ["archived"],
        seen_at: null,
        archived_at: expect.stringMatching(ISO),
      });
      expect(await target.operations.readMessage(ids[1] as string)).toMatchObject({ engagement_statuses: ["seen"] });
    });

    it("markMessages with an unknown ID changes nothing", async () => {
      const outcome = await plain(["ada"]);
      const id = outcome.recipients?.[0]?.steps[0]?.message_id as string;
      await expect(target.operations.markMessages([id, ABSENT_KSUID], "read")).rejects.toMatchObject({
        name: "KnockError",
        code: "resource_missing",
        message: expect.stringContaining(ABSENT_KSUID),
      });
      expect(await target.operations.readMessage(id)).toMatchObject({ engagement_statuses: [], read_at: null });
    });

    it("readMessage and readDeliveryLogs return null for unknown IDs", async () => {
      for (const id of [ABSENT_KSUID, "nope", ""]) {
        expect(await bindReads(target).readMessage(id), id).toBeNull();
        expect(await bindReads(target).readDeliveryLogs(id), id).toBeNull();
      }
    });
  });

  const lists: [string, (page: PageRequest) => Promise<Paged<JsonObject>>][] = [
    ["listRecipientRuns", (page) => runs({ workflow: "contract-plain" }, page)],
    ["listMessages", (page) => messages({ channel: getChannelId("contract-feed") }, page)],
  ];

  describe.each(lists)("%s in pages", (_name, list) => {
    it("returns one empty page if there are no items", async () => {
      const { items, page_info } = await list({ limit: 2 });
      expect(items).toEqual([]);
      expect(page_info).toMatchObject({ after: null, before: null });
    });

    it("lists each item once, newest first, forward and backward", async () => {
      for (const recipients of [["ada"], ["alan"], ["grace", "ada", "alan"]]) await plain(recipients);
      const ids = ({ items }: Paged<JsonObject>) => items.map(({ id }) => id);
      const all = await list({ limit: 50 });
      expect(all.items).toHaveLength(5);
      expect(all.page_info).toMatchObject({ after: null, before: null });
      const times = all.items.map(({ inserted_at }) => String(inserted_at));
      expect(times).toEqual(times.toSorted().reverse());

      const first = await list({ limit: 2 });
      const second = await list({ limit: 2, after: first.page_info.after as string });
      const third = await list({ limit: 2, after: second.page_info.after as string });
      expect([first, second, third].flatMap(ids)).toEqual(ids(all));
      expect([first.page_info.before, third.page_info.after]).toEqual([null, null]);
      const back = await list({ limit: 2, before: third.page_info.before as string });
      expect(ids(back)).toEqual(ids(second));
    });
  });
}

function bindReads({ operations }: OpenTarget) {
  return {
    readWorkflowRun: (id: string) => operations.readWorkflowRun(id),
    readRecipientRun: (id: string) => operations.readRecipientRun(id),
    readMessage: (id: string) => operations.readMessage(id),
    readDeliveryLogs: (id: string) => operations.readDeliveryLogs(id),
  };
}
