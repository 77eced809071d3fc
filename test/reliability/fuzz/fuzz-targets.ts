import type { FuzzTarget } from "./fuzz-target.js";
import { commandsTarget } from "./targets/commands.js";
import { conditionsTarget } from "./targets/conditions.js";
import { documentsTarget } from "./targets/documents.js";
import { httpTarget } from "./targets/http.js";
import { liquidTarget } from "./targets/liquid.js";
import { payloadsTarget } from "./targets/payloads.js";
import { runsTarget } from "./targets/runs.js";
import { connectionsTarget, framesTarget } from "./targets/sockets.js";
import { textTargets } from "./targets/texts.js";

/** Everything that reads untrusted data. */
export const FUZZ_TARGETS = [
  payloadsTarget,
  documentsTarget,
  conditionsTarget,
  liquidTarget,
  httpTarget,
  connectionsTarget,
  framesTarget,
  commandsTarget,
  runsTarget,
  ...textTargets,
] as FuzzTarget<never>[] as FuzzTarget[];
