import { type ErrorCode, type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { pointerOf } from "../../util/json.js";
import type { Complain } from "../shape/complain.js";
import { placeOf } from "../shape/place.js";
import type { FindingsReport } from "./check-document.js";

/** Collects the faults of one document, and passes its unknown keys on as warnings. */
export class DocumentFindings implements FindingsReport {
  private readonly details: ErrorDetail[] = [];

  /** `shown` names the document in errors and warnings. Without `warn`, unknown keys are ignored. */
  constructor(
    private readonly shown: string,
    private readonly warn: (text: string) => void = () => {},
  ) {}

  readonly fault: Complain = (path, message) => {
    this.details.push({ pointer: pointerOf(path), message });
  };

  readonly unknownKey: Complain = (path, message) => {
    this.warn(`${this.shown}: ${placeOf(pointerOf(path))} ${message}`);
  };

  get hasFaults(): boolean {
    return this.details.length > 0;
  }

  /** Returns the error that names the first fault in its message and lists all of them in its details. */
  toError(code: ErrorCode, hint?: (first: ErrorDetail | undefined) => string | undefined): KnockError {
    const [first, ...rest] = this.details;
    const summary = first === undefined ? "is invalid" : `${placeOf(first.pointer)} ${first.message}`;
    const more = rest.length > 0 ? ` (and ${rest.length} more)` : "";
    return new KnockError(code, `${this.shown}: ${summary}${more}`, { details: this.details, hint: hint?.(first) });
  }
}
