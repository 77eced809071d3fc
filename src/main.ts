import { COMMANDS } from "./app/commands.js";
import { start } from "./app/start.js";

void start(COMMANDS);
