import type { ErrorCode, ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { pointerOf, valueAt } from "../../util/json.js";
import type { Complain } from "../shape/complain.js";
import { faultsError } from "../shape/faults-error.js";

/** Collects the faults of one document, each once. */
export class DocumentFaults {
  readonly details: ErrorDetail[] = [];
  private readonly seen = new Set<string>();

  /** With the document, each fault has the text, number or other simple value that it is about. Project files may contain secrets. */
  constructor(private readonly document?: unknown) {}

  readonly add: Complain = (path, message) => {
    const value = valueAt(this.document, path.map(String));
    const isSimple = value === null || ["string", "number", "boolean"].includes(typeof value);
    this.addDetail({ pointer: pointerOf(path), message, ...(isSimple ? { value } : {}) } as ErrorDetail);
  };

  addDetail(detail: ErrorDetail): void {
    const id = `${detail.pointer} ${detail.message}`;
    if (this.seen.has(id)) return;
    this.seen.add(id);
    this.details.push(detail);
  }

  get isEmpty(): boolean {
    return this.details.length === 0;
  }

  /** Returns whether a part of the document has no fault: neither at it, nor below it, nor at a part that contains it. */
  isValid(path: PropertyKey[]): boolean {
    const pointer = `${pointerOf(path)}/`;
    return !this.details.some((one) => pointer.startsWith(`${one.pointer}/`) || `${one.pointer}/`.startsWith(pointer));
  }

  /** Returns the error that names the first fault in its message and lists all of them in its details. `shown` names the file. */
  toError(shown: string, code: ErrorCode, hintOf?: (first: ErrorDetail | undefined) => string | undefined): KnockError {
    return faultsError(code, shown, this.details, hintOf?.(this.details[0]));
  }
}
