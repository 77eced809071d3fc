// Starts the command in the standalone executable.
"use strict";
require("./bin/knock.js");
