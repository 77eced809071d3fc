// The entry point for `notify`, the command whose start time matters most. Bundled without lazily loaded modules, it
// starts 2 ms faster.
import { registerNotify } from "./app/register-notify.js";
import { start } from "./app/start.js";

void start({ commands: { notify: async () => registerNotify }, topics: [] });
