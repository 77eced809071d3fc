import type { FuzzTarget } from "./fuzz-target.js";
import { conditionsTarget } from "./targets/conditions.js";
import { documentsTarget } from "./targets/documents.js";
import { httpTarget } from "./targets/http.js";
import { liquidTarget } from "./targets/liquid.js";
import { payloadsTarget } from "./targets/payloads.js";
import { textTargets } from "./targets/texts.js";

/** Everything that reads untrusted data. */
export const FUZZ_TARGETS = [
  payloadsTarget,
  documentsTarget,
  conditionsTarget,
  liquidTarget,
  httpTarget,
  ...textTargets,
] as FuzzTarget<never>[] as FuzzTarget[];
