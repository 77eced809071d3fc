import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { anything, described, filledText, optional, record, rule, textWith, wholeNumber } from "../schema/fields.js";
import { httpMethod } from "../step/http-request.js";
import { configuredUrlFault } from "./allow-list.js";

const httpUrl = () => textWith(configuredUrlFault);

/** `fetch` in `environment.json`: what fetch steps may reach, and what they are answered without a request. */
export const fetchSchema = once(() => {
  const answer = z.strictObject({
    method: described(optional(httpMethod()), "The method of the request. Default: get."),
    url: described(httpUrl(), "The whole URL of the request, with its query."),
    status: described(optional(wholeNumber(100, 599)), "The status code of the response. Default: 200."),
    body: described(anything(), "The body: text as it is, other values as JSON."),
    headers: described(optional(record(z.string())), "The headers of the response."),
    delay_ms: described(optional(wholeNumber(0)), "How long the response takes, in milliseconds."),
    error: described(optional(filledText()), '"timeout", or the reason of a failed connection.'),
  });
  return z.strictObject({
    allow: described(optional(z.array(httpUrl())), "URLs that may be requested, with everything below them."),
    answers: described(optional(z.array(answer)), "Responses that are used instead of a request."),
  });
});

/** `agent` in `environment.json`: the replacement for the model of AI agent steps (EQ-58). */
export const agentSchema = once(() => {
  const answer = z
    .strictObject({
      workflow: described(optional(filledText()), "The key of the workflow. Default: any."),
      step: described(optional(filledText()), "The ref of the step. Default: any."),
      text: described(optional(z.string()), "A reply in text."),
      json: described(anything(), "A reply in JSON."),
      error: described(optional(filledText()), "The reason why there is no reply."),
    })
    .check(
      rule(({ text, json, error }, fault) => {
        if ([text ?? undefined, json, error ?? undefined].filter((reply) => reply !== undefined).length !== 1)
          fault([], "must have exactly one of text, json and error");
      }),
    );
  return z.strictObject({
    url: described(optional(httpUrl()), "The URL of a model that is asked."),
    answers: described(optional(z.array(answer)), "Replies that are used instead of a model."),
  });
});
