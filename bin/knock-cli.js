#!/usr/bin/env node
// Starts the command under its second name, which works where the service's official command is called `knock`.
"use strict";
require("./knock.js");
