import { describe, expect, it } from "vitest";
import { formatAnnotation, formatJobSummary } from "../../src/context/report-to-github.js";

const HOSTILE = { rule: "x,y:z%\r\n::stop-commands::t", met: false, found: "<b>|`a`_*[l](u)\n@team" };

describe("the report to GitHub Actions", () => {
  it("keeps an annotation on one line, and its title separate from its message", () => {
    expect(formatAnnotation("knock notify a:b,c", HOSTILE)).toBe(
      "::error title=knock notify a%3Ab%2Cc::expected x,y:z%25%0D%0A::stop-commands::t: <b>|`a`_*[l](u)%0A@team",
    );
  });

  it("removes markup in data from the job summary", () => {
    const [head, , , , row, ...rest] = formatJobSummary("a *b* | c", [HOSTILE]).split("\n");
    expect(head).toBe("### a &#42;b&#42; &#124; c");
    expect(row).toBe(
      "| ✗ | <code>x,y&#58;z&#37; &#58;&#58;stop-commands&#58;&#58;t</code> | &#60;b&#62;&#124;&#96;a&#96;&#95;&#42;&#91;l&#93;(u) &#64;team |",
    );
    expect(rest).toEqual(["", ""]);
  });
});
