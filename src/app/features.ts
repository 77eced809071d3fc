import type { Feature } from "../commands/shared/feature.js";
import { account } from "../features/account/feature.js";
import { audit } from "../features/audit/feature.js";
import { bulk } from "../features/bulk/feature.js";
import { channels } from "../features/channels/feature.js";
import { completion } from "../features/completion/feature.js";
import { dev } from "../features/dev/feature.js";
import { diff } from "../features/diff/feature.js";
import { docs } from "../features/docs/feature.js";
import { doctor } from "../features/doctor/feature.js";
import { forecast } from "../features/forecast/feature.js";
import { init } from "../features/init/feature.js";
import { logs } from "../features/logs/feature.js";
import { mcp } from "../features/mcp/feature.js";
import { newFiles } from "../features/new/feature.js";
import { replay } from "../features/replay/feature.js";
import { review } from "../features/review/feature.js";
import { settings } from "../features/settings/feature.js";
import { store } from "../features/store/feature.js";
import { storedRuns } from "../features/stored-runs/feature.js";
import { test } from "../features/test/feature.js";
import { types } from "../features/types/feature.js";
import { validate } from "../features/validate/feature.js";
import { why } from "../features/why/feature.js";
import { worker } from "../features/worker/feature.js";

/** Every optional part of the program, in the order in which help lists their commands. */
export const FEATURES: readonly Feature[] = [
  logs,
  worker,
  store,
  test,
  forecast,
  replay,
  review,
  diff,
  why,
  audit,
  channels,
  validate,
  account,
  types,
  dev,
  mcp,
  init,
  newFiles,
  settings,
  doctor,
  completion,
  docs,
  bulk,
  storedRuns,
];
