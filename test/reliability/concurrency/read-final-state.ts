import { type RecipientKey, toRecipientReference } from "../../../src/domain/recipient/recipient.js";
import type { Paged } from "../../../src/ports/page-request.js";
import type { Store } from "../../../src/ports/store.js";
import type { FinalMessage, FinalRun, FinalState, WorkflowKey } from "./history.js";
import { readActivities } from "./storm-client.js";

async function readAll<Item>(
  readPage: (page: { limit: number; after?: string }) => Promise<Paged<Item>>,
): Promise<Item[]> {
  const items: Item[] = [];
  let after: string | null | undefined;
  while (after !== null) {
    const page: Paged<Item> = await readPage({ limit: 1_000, ...(after === undefined ? {} : { after }) });
    items.push(...page.items);
    after = page.page_info.after;
  }
  return items;
}

const toSubject = (recipient: RecipientKey): string => String(toRecipientReference(recipient));

/** Reads all runs and messages of a store. */
export async function readFinalState(store: Store): Promise<Omit<FinalState, "clock">> {
  const runs = (await readAll((page) => store.listRecipientRuns({}, page))).map(({ run, recipientRun }): FinalRun => {
    const throttle = recipientRun.steps.find(({ ref }) => ref === "throttle_1");
    return {
      id: recipientRun.id,
      workflowRun: run.id,
      workflow: run.workflow as WorkflowKey,
      subject: toSubject(recipientRun.recipient),
      status: recipientRun.status,
      passed: throttle === undefined ? null : throttle.outcome === "passed",
      data: run.data,
      insertedAt: recipientRun.inserted_at,
    };
  });
  const messages = (await readAll((page) => store.listMessages({}, page))).map((message): FinalMessage => {
    const { id, recipient_run_id, workflow, recipient, step_ref, inserted_at, read_at, archived_at, content } = message;
    return {
      id,
      run: recipient_run_id,
      workflow: workflow as WorkflowKey,
      subject: toSubject(recipient),
      step: step_ref,
      insertedAt: inserted_at,
      engagement: { read: read_at !== null, archived: archived_at !== null },
      activities: readActivities(JSON.stringify(content)),
    };
  });
  return { runs, messages };
}
