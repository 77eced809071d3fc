import { filterObjects, type JsonObject } from "../../../../util/json.js";
import { createNotFoundError } from "../http/api-error.js";
import type { SupportContext, SupportRoute } from "../routes/support-route.js";
import { explainRun } from "./explain-run.js";
import { listMessageIds, listMoments, restoreMessages, restoreRun } from "./run-moments.js";
import { summarizeMessage } from "./summarize-message.js";

/** Returns the moments of a run, and with `moment` the run, its messages and its variables as they were then. */
async function readMoments({ operations, param, query }: SupportContext): Promise<JsonObject> {
  const id = param("id");
  const [run, workflow] = await Promise.all([operations.readRecipientRun(id), operations.readRunWorkflow(id)]);
  if (run === null || workflow === null) throw createNotFoundError();
  const events = filterObjects(run.events);
  const histories = await operations.readMessageHistories(listMessageIds(events));
  const moments = listMoments(run, histories);
  const items = moments.map(({ run_events: _, ...moment }) => moment);
  const chosen = query.text("moment");
  const index = moments.findIndex((moment) => moment.id === chosen);
  const moment = moments[index];
  if (moment === undefined) return { items, state: null };
  // The document also has events that are not stored.
  const stored = events.slice(0, moment.run_events).filter(({ event }) => event !== "step_started").length;
  const read = await operations.readRunVariables(id, stored);
  if (read === null) throw createNotFoundError();
  const { data: _, ...variables } = read;
  const messages = restoreMessages(moments, index, events, histories);
  const restored = restoreRun(run, moment.run_events, messages);
  const state = { id: moment.id, run: explainRun(restored, workflow), messages: messages.map(summarizeMessage) };
  return { items, state: { ...state, ...variables } };
}

export const MOMENT_ROUTES: SupportRoute[] = [{ endpoint: "GET /__knock/page/runs/{id}/moments", handle: readMoments }];
