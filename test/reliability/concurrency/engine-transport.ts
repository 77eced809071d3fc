import { createLocalEngine } from "../../../src/context/create-local-engine.js";
import { openProjectStore } from "../../../src/context/open-project-store.js";
import type { EngagementAction } from "../../../src/domain/message/message.js";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import { parseCancellation, parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import { findProject } from "../../../src/project/find-project.js";
import { openProject } from "../../../src/project/open-project.js";
import type { JsonObject } from "../../../src/util/json.js";
import { type Feed, type MessageObject, PAGE_SIZE, type RunObject, type Transport } from "./storm-client.js";

const PAGE = { limit: PAGE_SIZE };

/** Opens the embedded engine, which keeps its store open, as `knock dev` and tests in code do. */
export async function openEngineTransport(folder: string, store: string): Promise<Transport> {
  const location = await findProject({ cwd: folder, project: null, knockDir: null });
  if (location === null) throw new Error(`there is no project in ${folder}`);
  const project = openProject(location, folder);
  const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
  const engine = createLocalEngine(project, await openProjectStore(project, store), { sleep, env: {} });
  const toMessage = (message: JsonObject | null | undefined) => message as unknown as MessageObject;
  return {
    async trigger(workflow, payload, key) {
      try {
        const { trigger } = parseTrigger(payload, workflow);
        return (await engine.triggerWorkflow(trigger, { idempotency_key: key ?? null })).workflow_run_id;
      } catch (error) {
        if (error instanceof KnockError && error.code === "idempotency_conflict") return null;
        throw error;
      }
    },
    cancel: async (workflow, key) =>
      (await engine.cancelWorkflow(parseCancellation({ cancellation_key: key }, workflow))).recipients ?? null,
    async listRuns(subject, workflow) {
      const { items } = await engine.listRecipientRuns({ workflow, recipient: toRecipientKey(subject) }, PAGE);
      return items as unknown as RunObject[];
    },
    async listMessages(subject, workflow) {
      const { items } = await engine.listMessages({ workflow, recipient: toRecipientKey(subject) }, PAGE);
      return items as unknown as MessageObject[];
    },
    async readFeed(subject) {
      const filter = { recipient: toRecipientKey(subject), status: "all" as const, archived: "include" as const };
      const { items, meta } = await engine.resources.feeds.list(filter, PAGE);
      return { items, unread_count: Number((meta as JsonObject).unread_count) } as unknown as Feed;
    },
    readMessage: async (id) => toMessage(await engine.readMessage(id)),
    markMessage: async (id, mark) => toMessage((await engine.markMessages([id], mark as EngagementAction))[0]),
    readClock: async () => (await engine.readClock()).now,
    moveClock: (milliseconds) => engine.moveClock((now) => now + milliseconds, { force: false, fromNow: true }),
    runDue: () => engine.runDue({ once: true }),
    close: () => engine.close(),
  };
}
