import type { Store } from "../../../src/ports/store.js";
import { openSqliteStore } from "../../../src/store/sqlite/open-sqlite-store.js";
import { createInProcessSample } from "../../helpers/run-in-process.js";
import type { Sample } from "../../helpers/run-knock.js";
import type { SmtpReceiver } from "../../helpers/smtp-receiver.js";
import {
  findRound,
  openEngine,
  scheduleWorkload,
  sendWorkload,
  startRefusingReceiver,
  touchRecipients,
  type WorkloadSize,
  writeFaultProject,
} from "./workload.js";

const PAGE = 1_000;
const START = Date.UTC(2026, 2, 2, 9);
const MINUTE = 60_000;

/** The end of a workload: each run with its steps, each message, and each email that the server accepted, once per message ID. */
interface FinalState {
  runs: string[];
  messages: string[];
  emails: string[];
}

async function readAll<Item, Result>(
  list: (page: { limit: number; after?: string }) => Promise<{ items: Item[]; page_info: { after: string | null } }>,
  convert: (item: Item) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page = await list({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const item of page.items) results.push(convert(item));
    after = page.page_info.after;
  }
  return results;
}

/** The emails that a server accepted, each once, and the copies of the same message ID. */
export function listEmails({ received }: SmtpReceiver): { emails: string[]; copies: number } {
  const byId = new Map<string, string>();
  for (const { to, mail } of received) {
    const text = `${to.join()}: ${mail.subject} ${String(mail.html).trim()}`;
    const id = String(mail.messageId);
    if ((byId.get(id) ?? text) !== text) throw new Error(`${id} was sent with two contents`);
    byId.set(id, text);
  }
  return { emails: [...byId.values()].sort(), copies: received.length - byId.size };
}

/** Reads the state of a store whose work is done. The data of a throttled run is left out, because any of two runs may pass. */
export async function readFinalState(store: Store, smtp: SmtpReceiver): Promise<FinalState> {
  const runs = await readAll(
    (page) => store.listRecipientRuns({}, page),
    ({ run, recipientRun: { recipient, status, due_at, steps } }) => {
      const path = steps.map(({ ref, outcome, reason }) => `${ref} ${outcome} ${reason?.code ?? ""}`);
      return `${run.workflow} ${recipient} ${status} ${due_at} ${path.join(", ")}`;
    },
  );
  const messages = await readAll(
    (page) => store.listMessages({}, page),
    ({ recipient, workflow, step_ref, status, due_at, content }) =>
      // IDs differ between executions.
      `${workflow} ${recipient} ${step_ref} ${status} ${due_at} ${JSON.stringify(content).replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9A-Za-z]{27}/g, "<id>")}`,
  );
  return { runs: runs.sort(), messages: messages.sort(), emails: listEmails(smtp).emails };
}

/** Executes a workload without faults in one process, on a SQLite store whose clock is moved. */
async function executeWithoutFaults(sample: Sample, size: WorkloadSize, smtp: SmtpReceiver): Promise<FinalState> {
  const file = sample.path("..", "reference.db");
  const engine = await openEngine(sample, file);
  const signal = new AbortController().signal;
  await engine.freezeClock(START);
  await scheduleWorkload(engine, size, START);
  await sendWorkload(engine, { ...size, pauseMs: 0 }, () => true);
  await engine.moveClock(START + MINUTE, { force: false, signal });
  await touchRecipients(engine, size);
  await engine.moveClock(START + 30 * MINUTE, { force: false, signal });
  await engine.close();
  const store = await openSqliteStore(file, { readOnly: true });
  const state = await readFinalState(store, smtp);
  await store.close();
  return state;
}

async function readReference(size: WorkloadSize): Promise<FinalState> {
  const smtp = await startRefusingReceiver();
  const sample = createInProcessSample(null);
  try {
    writeFaultProject(sample, size, smtp.port);
    return await executeWithoutFaults(sample, size, smtp);
  } finally {
    sample.remove();
    await smtp.close();
  }
}

/** The longest execution without faults so far, by the number of recipients in a round. */
const references = new Map<number, { rounds: number; state: FinalState }>();

/** Returns the state without faults after some rounds, of which the first `size.rounds` have scheduled triggers. */
export async function readExpectedState(size: WorkloadSize, rounds: number): Promise<FinalState> {
  let reference = references.get(size.recipients);
  if (reference === undefined || reference.rounds < rounds) {
    reference = { rounds, state: await readReference({ ...size, rounds }) };
    references.set(size.recipients, reference);
  }
  const select = (texts: readonly string[]) =>
    texts.filter((text) => {
      const round = findRound(text);
      return round < (text.includes("planned") ? size.rounds : rounds);
    });
  const { runs, messages, emails } = reference.state;
  return { runs: select(runs), messages: select(messages), emails: select(emails) };
}

/** Returns up to ten differences: entries that are missing or occur too often. */
export function findDifferences(state: FinalState, expected: FinalState): string[] {
  const differences: string[] = [];
  for (const kind of ["runs", "messages", "emails"] as const) {
    const counts = new Map<string, number>();
    for (const text of state[kind]) counts.set(text, (counts.get(text) ?? 0) + 1);
    for (const text of expected[kind]) counts.set(text, (counts.get(text) ?? 0) - 1);
    for (const [text, count] of counts)
      if (count !== 0 && differences.length < 10)
        differences.push(`${kind}: ${Math.abs(count)} ${count > 0 ? "too many" : "missing"}: ${text}`);
  }
  return differences;
}
