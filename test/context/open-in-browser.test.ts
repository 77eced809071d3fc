import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openInBrowser } from "../../src/context/open-in-browser.js";
import { eventually } from "../helpers/eventually.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "knock-browser-"));
  for (const program of ["xdg-open", "my-browser"])
    writeFileSync(
      join(folder, program),
      `#!/bin/sh\necho "${program} $1" > "${folder}/opened.part"\nmv "${folder}/opened.part" "${folder}/opened"\n`,
      {
        mode: 0o755,
      },
    );
  vi.spyOn(process, "platform", "get").mockReturnValue("linux");
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const open = (env: Record<string, string>) =>
  openInBrowser("a/b", "<p>Hi</p>", {
    cwd: folder,
    env: { TMPDIR: folder, PATH: `${folder}:${process.env.PATH}`, ...env },
  });

describe("a file for the browser", () => {
  it.each<[name: string, env: Record<string, string>, program: string]>([
    ["xdg-open with DISPLAY", { DISPLAY: ":0" }, "xdg-open"],
    ["xdg-open with WAYLAND_DISPLAY", { DISPLAY: "", WAYLAND_DISPLAY: "wayland-0" }, "xdg-open"],
    ["xdg-open with WSL_DISTRO_NAME", { WSL_DISTRO_NAME: "Debian" }, "xdg-open"],
    ["BROWSER, which takes precedence", { BROWSER: "my-browser", DISPLAY: ":0" }, "my-browser"],
  ])("is opened by %s", async (_name, env, program) => {
    const { path, opened } = await open(env);
    expect(opened).toBe(true);
    await eventually(() => existsSync(join(folder, "opened")));
    expect(readFileSync(join(folder, "opened"), "utf8")).toBe(`${program} ${path}\n`);
  });

  it("is only written to TMPDIR, for this user, without a display or with a program that does not exist", async () => {
    const environments: Record<string, string>[] = [{}, { BROWSER: "no-such-browser" }];
    for (const env of environments) {
      const { path, opened } = await open(env);
      expect({ opened, html: readFileSync(path, "utf8") }).toEqual({ opened: false, html: "<p>Hi</p>" });
      expect(path.startsWith(join(folder, "knock-"))).toBe(true);
      expect(statSync(path).mode & 0o077).toBe(0);
    }
  });
});
