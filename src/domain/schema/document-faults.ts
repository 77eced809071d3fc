import { type ErrorCode, type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { pointerOf } from "../../util/json.js";
import type { Complain } from "../shape/complain.js";
import { placeOf } from "../shape/place.js";

/** Collects the faults of one document. */
export class DocumentFaults {
  private readonly details: ErrorDetail[] = [];

  readonly add: Complain = (path, message) => {
    this.details.push({ pointer: pointerOf(path), message });
  };

  get isEmpty(): boolean {
    return this.details.length === 0;
  }

  /** Returns the error that names the first fault in its message and lists all of them in its details. `shown` names the file. */
  toError(shown: string, code: ErrorCode, hintOf?: (first: ErrorDetail | undefined) => string): KnockError {
    const [first, ...rest] = this.details;
    const summary = first === undefined ? "is invalid" : `${placeOf(first.pointer)} ${first.message}`;
    const more = rest.length > 0 ? ` (and ${rest.length} more)` : "";
    return new KnockError(code, `${shown}: ${summary}${more}`, { details: this.details, hint: hintOf?.(first) });
  }
}
