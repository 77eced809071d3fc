import type { PayloadFlags } from "../../input/trigger-payload.js";
import type { TargetFlags } from "../services.js";
import type { CommonFlags } from "./options.js";

/** The options of `knock notify` for a file with many triggers. */
interface BulkFlags {
  rate?: string;
  concurrency?: string;
  /** A path, or false for `--no-journal`. */
  journal?: string | boolean;
  resume?: boolean;
  retryFailed?: boolean;
  output?: string;
}

export interface NotifyFlags extends CommonFlags, TargetFlags, PayloadFlags, BulkFlags {
  wait?: string | true;
  dryRun?: boolean;
  allOrNothing?: boolean;
  maxRecipients?: string;
  expect?: string[];
  strict?: boolean;
}
