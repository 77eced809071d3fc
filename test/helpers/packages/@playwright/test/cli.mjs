#!/usr/bin/env node
// Runs `playwright test` for the recipes: starts the web servers of the configuration, then the tests in Chromium.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { tests } from "./index.mjs";

const importFile = (name) => import(pathToFileURL(join(process.cwd(), name)).href);

async function waitForServer(url) {
  for (;;) {
    try {
      return await fetch(url);
    } catch {
      await sleep(20);
    }
  }
}

const { default: config } = await importFile("playwright.config.js");
const servers = [config.webServer ?? []].flat();
const processes = servers.map(({ command, env }) =>
  spawn("/bin/sh", ["-c", command], { stdio: "inherit", detached: true, env: { ...process.env, ...env } }),
);
let browser;
try {
  for (const { url } of servers) await waitForServer(url);
  for (const name of readdirSync(".").filter((file) => file.endsWith(".spec.js"))) await importFile(name);
  browser = await chromium.launch({ executablePath: process.env.CHROME_PATH, args: ["--no-sandbox"] });
  for (const { title, run } of tests) {
    const page = await browser.newPage(config.use);
    await run({ page });
    console.log(`ok ${title}`);
  }
  console.log(`${tests.length} passed`);
} finally {
  await browser?.close();
  for (const { pid } of processes) process.kill(-pid);
}
