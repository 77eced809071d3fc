// The entry point for `notify`, the command whose start time matters most. Bundled without lazily loaded modules, it
// starts 2 ms faster.
import { start } from "./app/start.js";
import { registerNotify } from "./commands/notify.js";

void start({ notify: async () => registerNotify });
