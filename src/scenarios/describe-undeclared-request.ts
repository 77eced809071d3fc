import { KnockError } from "../errors/knock-error.js";
import type { AgentRequest, StepRequest } from "../ports/http-client.js";
import { redactText } from "../util/redact-secrets.js";

/** Returns the error for a request without a declared response, with the lines that declare one. */
export function describeUndeclaredRequest(request: StepRequest | AgentRequest, secrets: readonly string[]): KnockError {
  if ("prompt" in request) {
    const { step, response_type } = request;
    const reply = response_type === "json" ? "json: {}" : 'text: ""';
    return new KnockError("scenario_invalid", `no reply is declared for step ${step}`, {
      hint: `Add to given (in code: to the options of the engine): agent: { answers: [{ step: ${step}, ${reply} }] }. To call a model, set given.agent.url.`,
    });
  }
  const url = redactText(request.url, secrets);
  const method = request.method.toUpperCase();
  const answer = `{ ${method === "GET" ? "" : `method: ${method}, `}url: ${JSON.stringify(url)}, body: {} }`;
  return new KnockError("scenario_invalid", `no response is declared for ${method} ${url}`, {
    hint: `Add to given (in code: to the options of the engine): fetch: { answers: [${answer}] }. To send the request, list the URL in given.fetch.allow.`,
  });
}
