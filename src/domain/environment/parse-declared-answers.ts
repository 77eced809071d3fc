import type { Json } from "../../util/json.js";
import type { Complain } from "../shape/complain.js";
import { anything, integer, list, object, optional, record, type Shape, type Shaped, text } from "../shape/shape.js";
import { httpMethod } from "../step/parse-function-step.js";
import { filledText } from "../step/step-shapes.js";
import type { HttpMethod } from "../step/step-types.js";
import { addressRangeFault, configuredUrlFault } from "./allow-list.js";
import type { AgentAnswer, AgentSettings, FetchAnswer, FetchSettings } from "./environment.js";

const httpUrl: Shape<string> = (value, path, complain): value is string => {
  if (!text(value, path, complain)) return false;
  const fault = configuredUrlFault(value);
  if (fault !== null) complain(path, fault);
  return fault === null;
};

const addressRange: Shape<string> = (value, path, complain): value is string => {
  if (!text(value, path, complain)) return false;
  const fault = addressRangeFault(value);
  if (fault !== null) complain(path, fault);
  return fault === null;
};

export const privateAddressesShape = list(addressRange);

const fetchAnswer = object(
  {
    method: optional(httpMethod),
    url: httpUrl,
    status: optional(integer(100, 599)),
    body: anything,
    headers: optional(record(text)),
    delay_ms: optional(integer(0)),
    error: optional(filledText),
  },
  { closed: true },
);

export const fetchShape = object(
  { allow: optional(list(httpUrl)), answers: optional(list(fetchAnswer)) },
  { closed: true },
);

/** What fetch steps may reach, and what they are answered without reaching anything (section 5 of the contract). */
export function parseFetchSettings(raw: Shaped<typeof fetchShape>): FetchSettings {
  const answers = (raw.answers ?? []).map(
    (answer): FetchAnswer => ({
      method: (answer.method ?? "get").toLowerCase() as HttpMethod,
      url: answer.url,
      status: answer.status ?? 200,
      body: answer.body as Json | undefined,
      headers: answer.headers ?? {},
      delay_ms: answer.delay_ms ?? 0,
      error: answer.error ?? null,
    }),
  );
  return { allow: raw.allow ?? [], answers };
}

const agentAnswer = object(
  {
    workflow: optional(filledText),
    step: optional(filledText),
    text: optional(text),
    json: anything,
    error: optional(filledText),
  },
  { closed: true },
);

export const agentShape = object({ url: optional(httpUrl), answers: optional(list(agentAnswer)) }, { closed: true });

/** What stands in for the model of an AI agent step (EQ-58). */
export function parseAgentSettings(
  raw: Shaped<typeof agentShape>,
  path: PropertyKey[],
  complain: Complain,
): AgentSettings {
  const answers = (raw.answers ?? []).flatMap(({ workflow, step, ...reply }, index): AgentAnswer[] => {
    const target = { workflow: workflow ?? null, step: step ?? null };
    const found: AgentAnswer[] = [];
    if (typeof reply.text === "string") found.push({ ...target, text: reply.text });
    if (reply.json !== undefined) found.push({ ...target, json: reply.json as Json });
    if (typeof reply.error === "string") found.push({ ...target, error: reply.error });
    if (found.length !== 1) complain([...path, "answers", index], "must have exactly one of text, json and error");
    return found;
  });
  return { url: raw.url ?? null, answers };
}
