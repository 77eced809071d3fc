#!/usr/bin/env node
require("../dist/knock.cjs");
