import type * as z from "zod/mini";
import { KnockError } from "../../errors/knock-error.js";
import { toPointer } from "../../util/json.js";
import { createRequestError } from "../findings/invalid-params-error.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";

/** Returns a checked request body. Throws `invalid_params` with all findings. */
export function checkRequest<S extends z.ZodMiniType>(schema: S, value: unknown): z.output<S> {
  const findings = new DocumentFindings();
  const checked = checkClosedDocument(schema, value, findings.add);
  if (checked === null) throw createRequestError(findings.details);
  return checked;
}

/**
 * Returns a checked query parameter. Throws `invalid_params` with the first finding. The pointer is that of the
 * parameter, because a location within its text would not help.
 */
export function checkParameter<S extends z.ZodMiniType>(name: string, schema: S, value: unknown): z.output<S> {
  const messages: string[] = [];
  const checked = checkClosedDocument(schema, value, (_path, text) => messages.push(text));
  const [message] = messages;
  if (message === undefined) return checked as z.output<S>;
  throw new KnockError("invalid_params", `${name} ${message}`, { details: [{ pointer: toPointer([name]), message }] });
}
