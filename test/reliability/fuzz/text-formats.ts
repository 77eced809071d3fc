import { generateKeyPairSync, sign } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { parseTimestamp } from "../../../src/domain/condition/parse-timestamp.js";
import { describeInvalidId } from "../../../src/domain/recipient/describe-invalid-id.js";
import { parsePo } from "../../../src/domain/template/parse-po.js";
import { parseTranslationFile } from "../../../src/domain/template/parse-translation-file.js";
import { verifyUserToken } from "../../../src/features/dev/emulator/access/user-token.js";
import { ApiError } from "../../../src/features/dev/emulator/http/api-error.js";
import { type CsvRow, readCsvRows } from "../../../src/input/csv-rows.js";
import { InputReader, type InputSource } from "../../../src/input/input-source.js";
import {
  applySetFlags,
  parseDataFlags,
  parseIdOrJsonFlag,
  parseObjectFlag,
  parseRecipientsFlag,
} from "../../../src/input/parse-flags.js";
import { parseDurationArgument, parseTimeArgument } from "../../../src/input/parse-time.js";
import { parseUsersCsv, toInlineUser } from "../../../src/input/parse-users-csv.js";
import { readPayloadLines } from "../../../src/input/payload-lines.js";
import { parseScenarioFile } from "../../../src/scenarios/parse-scenario-file.js";
import { parseCursor, serializeCursor } from "../../../src/store/cursor.js";
import { toIsoTime } from "../../../src/util/iso-time.js";
import type { Json } from "../../../src/util/json.js";
import { parseJson } from "../../../src/util/parse-json.js";
import { hasInfinity } from "../../helpers/has-infinity.js";
import { renderBothWays } from "../../helpers/render-both-ways.js";
import type { ErrorChecker, OpenFuzzTarget } from "./fuzz-target.js";

/** A format of texts that users or other programs write. */
export interface TextFormat {
  /** Valid texts. */
  samples: string[];
  /** Texts that mean something in the format. */
  parts: string[];
  open(errors: ErrorChecker): OpenFuzzTarget<string>;
}

/** Returns an input whose standard input is the text, in chunks of a few bytes if `chunkSize` is small. */
function createInput(text: string, chunkSize = 65_536): InputSource {
  const bytes = Buffer.from(text);
  return {
    cwd: "/",
    async *readStdin() {
      for (let at = 0; at < bytes.length; at += chunkSize) yield bytes.subarray(at, at + chunkSize);
    },
    isPiped: () => true,
    isInterrupted: () => false,
    readFile: () => {
      throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    },
  };
}

function expectEqual(actual: unknown, expected: unknown, problem: string): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new Error(`${problem}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

const JSON_FORMAT: TextFormat = {
  samples: ['{"a":[1,-2.5e3,true,null,"x\\u0041"],"b":{}}', "[]", '"text"'],
  parts: ['"', "\\u", "{", "}", "[", "]", ",", ":", "1e", "-", "//", "\ufeff", "tru"],
  open: () => ({
    async check(text) {
      const source = text.startsWith("\ufeff") ? text.slice(1) : text;
      const parsed = await parseJson(text);
      let expected: { value: unknown } | null = null;
      try {
        expected = { value: JSON.parse(source) };
      } catch {
        // The text is invalid.
      }
      // Numbers that become infinite are refused, although JSON.parse accepts them.
      if (expected !== null && !hasInfinity(expected.value)) return expectEqual(parsed, expected, "parsed");
      if (!("error" in parsed)) throw new Error("invalid JSON is accepted");
      const lines = source.split(/\r\n|\r|\n/);
      if (parsed.line < 1 || parsed.line > lines.length || parsed.column < 1)
        throw new Error(`the error is outside of the text: ${JSON.stringify(parsed)}`);
    },
  }),
};

async function readLines(format: "jsonl" | "csv", text: string, chunkSize?: number): Promise<Json> {
  const { groups } = await readPayloadLines({ file: "-", format }, createInput(text, chunkSize));
  const lines: Json[] = [];
  for await (const group of groups)
    for (const { number, payload, error } of group) lines.push([number, payload as Json, error?.message ?? null]);
  return lines;
}

const JSON_LINES: TextFormat = {
  samples: ['{"recipients":["ada"],"data":{"a":1}}\n\n{"recipients":["bo"]}\n', '{"recipients":["ü"]}\r\n[1]'],
  parts: ["\n", "\r\n", "\u2028", "{}", "{", '"', "\0"],
  open: (errors) => ({
    async check(text) {
      const lines = await errors.attemptAsync(() => readLines("jsonl", text));
      const inChunks = await errors.attemptAsync(() => readLines("jsonl", text, 3));
      expectEqual(inChunks, lines, "read in small chunks");
    },
  }),
};

const CSV: TextFormat = {
  samples: [
    'recipients,data.page,data.n,settings.sandbox_mode\nada,"Home, ""sweet""",1,true\n"bo,cy",,2,\n',
    'recipients,data.a[0],data.b:text,tenant\r\nada,1,2,acme\r\n"[""bo""]",,"x\r\ny",\r\n',
  ],
  parts: ['"', '""', ",", "\n", "\r", "\r\n", "data.", "[", "]", ".", "\\", ":text", "[1000000]", "\ufeff"],
  open: (errors) => ({
    async check(text) {
      const lines = await errors.attemptAsync(() => readLines("csv", text));
      const inChunks = await errors.attemptAsync(() => readLines("csv", text, 3));
      expectEqual(inChunks, lines, "read in small chunks");
      const rows: CsvRow[] = [];
      for await (const row of readCsvRows([Buffer.from(text)])) rows.push(row);
      const valid = rows.flatMap((row) => ("fields" in row ? [row.fields] : []));
      if (valid.length < rows.length) return;
      const quoted = valid
        .map((fields) => fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(","))
        .join("\n");
      const again: string[][] = [];
      for await (const row of readCsvRows([Buffer.from(quoted)])) if ("fields" in row) again.push(row.fields);
      expectEqual(again, valid, "written and read again");
    },
  }),
};

const USERS_CSV: TextFormat = {
  samples: ["id,tenant_id,name\nada,acme,Ada\nbo,,Bo\n", 'user_id,email\n"a b",x@lark.test\n'],
  parts: ['"', ",", "\n", "\r", "id", "tenant", "__proto__", "collection"],
  open: (errors) => ({
    async check(text) {
      const parsed = await errors.attemptAsync(() => parseUsersCsv(text, "users.csv", describeInvalidId));
      for (const user of parsed?.users ?? []) {
        if (toInlineUser(user).id !== user.id) throw new Error("a column replaces the ID");
        if (describeInvalidId(user.id) !== null) throw new Error("a user has an invalid ID");
      }
    },
  }),
};

const YAML: TextFormat = {
  samples: [
    'workflow: welcome\nscenarios:\n  first:\n    steps:\n      - trigger: { recipients: [ada] }\n      - advance: 1h\n      - expect:\n          messages: [{ channel: email, subject: "Hi" }]\n',
    "scenarios:\n  table ${n}:\n    each: [{ n: 1 }, { n: 2 }]\n    steps: [{ trigger: { workflow: welcome, recipients: [ada], data: { n: '${n}' } } }]\n",
    "given: &g\n  data: 1\nscenarios: { a: { given: *g, steps: [] } }\n",
  ],
  parts: [
    "&a ",
    "*a",
    "<<: *a",
    "? ",
    "- ",
    ": ",
    "|\n",
    ">-\n",
    "!!binary ",
    "!!set ",
    "!!x ",
    "---\n",
    "...\n",
    "\t",
    "'",
    "{",
    "}",
    "${n}",
    "#",
    "%YAML 1.1\n",
    "~",
    "0x1f",
    ".inf",
  ],
  open(errors) {
    const file = { path: "a.test.yaml", displayPath: "a.test.yaml" };
    return {
      check(text) {
        const read = errors.attempt(() => parseScenarioFile(text, file));
        for (const scenario of read?.scenarios ?? []) {
          const { line, column } = (read as NonNullable<typeof read>).locate(scenario.path as string[]);
          if (!(line >= 1 && column >= 1)) throw new Error(`${scenario.name} has no position`);
        }
      },
    };
  },
};

const PO: TextFormat = {
  samples: [
    'msgid ""\nmsgstr "Language: de\\n"\n\nmsgid "title"\nmsgstr "Titel"\n\nmsgctxt "c"\nmsgid "files"\nmsgid_plural "files"\nmsgstr[0] "eine"\nmsgstr[1] "%d \\"x\\""\n"more"\n',
  ],
  parts: ["msgid ", "msgstr ", "msgstr[9] ", "msgid_plural ", "#~ ", "\\", '"', "\n", ".", "__proto__", "title.x"],
  open: (errors) => ({
    check(text) {
      errors.attempt(() => parseTranslationFile("de.po", "de", parsePo(text, "de.po"), "de.po"));
    },
  }),
};

const TIMES: TextFormat = {
  samples: [
    "2026-11-27T10:00:00.123Z",
    "2026-11-27",
    "2026-11-27 10:00+02:00",
    "1h30m",
    "PT30M",
    "7d",
    "0.5h",
    "P1DT2H",
  ],
  parts: ["-", ":", "T", "Z", "+", "99", "00", ".", ",", "d", "ms", "w", "P", "0".repeat(60)],
  open: (errors) => ({
    check(text) {
      const time = parseTimestamp(text);
      if (time !== undefined) expectEqual(parseTimestamp(toIsoTime(time)), time, "formatted and parsed");
      const argument = errors.attempt(() => parseTimeArgument(text, "--at"));
      if (argument !== undefined && time !== undefined) expectEqual(argument, time, "parsed as an argument");
      const duration = errors.attempt(() => parseDurationArgument(text, "--wait"));
      if (duration !== undefined)
        expectEqual(parseDurationArgument(`${duration}ms`, "--wait"), duration, "formatted and parsed");
    },
  }),
};

const CURSORS: TextFormat = {
  samples: [serializeCursor("messages", 1), serializeCursor("runs", 9_007_199_254_740_991), "messages:1"],
  parts: [
    ":",
    "=",
    "-",
    "_",
    "+",
    "/",
    Buffer.from("runs:0").toString("base64url"),
    Buffer.from("runs:99999999999999999").toString("base64"),
  ],
  open: (errors) => ({
    check(text) {
      const start = errors.attempt(() => parseCursor("messages", { limit: 1, after: text }));
      const other = errors.attempt(() => parseCursor("runs", { limit: 1, before: text }));
      for (const { row } of [start, other].filter((one) => one != null))
        if (!Number.isSafeInteger(row) || row < 1) throw new Error(`the row ${row}`);
      if (start != null && other != null) throw new Error("the cursor belongs to two lists");
    },
  }),
};

const FLAGS: TextFormat = {
  samples: [
    "page.name=Home",
    "a.b[0].c:=[1,{}]",
    "ada,bo",
    '[{"id":"ada"}]',
    "projects/p1",
    '{"a":{"b":1}}',
    "a\\.b=1",
  ],
  parts: [
    "=",
    ":=",
    ".",
    "[",
    "]",
    "\\",
    ",",
    "@",
    "@-",
    "__proto__",
    "constructor.prototype",
    "[999999]",
    "-",
    "{",
    '"',
  ],
  open: (errors) => ({
    async check(text) {
      const reader = (): InputReader => new InputReader(createInput('{"a":1}'));
      await errors.attemptAsync(() => applySetFlags({ a: { b: 1 } }, [text, "page=x"]));
      await errors.attemptAsync(() => parseDataFlags([text, '{"a":1}'], reader()));
      await errors.attemptAsync(() => parseRecipientsFlag([text], reader()));
      await errors.attemptAsync(() => parseIdOrJsonFlag(text, "--actor", reader()));
      errors.attempt(() => parseObjectFlag([text]));
      if ("polluted" in {}) throw new Error("the prototype was changed");
    },
  }),
};

const TOKENS: TextFormat = (() => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const signingKey = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  const toPart = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signToken = (claims: unknown): string => {
    const text = `${toPart({ alg: "RS256", typ: "JWT" })}.${toPart(claims)}`;
    return `${text}.${sign("RSA-SHA256", Buffer.from(text), privateKey).toString("base64url")}`;
  };
  const now = Date.UTC(2026, 10, 27);
  const grants = { "https://api.knock.app/v1/objects/projects/p1": { "channel_data/read": [{}] } };
  const samples = [
    signToken({ sub: "ada", exp: now / 1_000 + 60 }),
    signToken({ sub: "bo", exp: now / 1_000 + 60, grants, explicit_grants: true }),
  ];
  return {
    samples,
    parts: [".", "=", "e30", toPart({ alg: "none" }), toPart({ alg: "HS256" }), toPart({ sub: "eve" }), "AA", "_", "-"],
    open: () => ({
      async check(text) {
        let verified: { sub: string };
        try {
          verified = await verifyUserToken(text, signingKey, now);
        } catch (error) {
          if (error instanceof ApiError && error.status === 401) return;
          throw error;
        }
        const [head, claims] = text.split(".");
        const original = samples.find((sample) => sample.startsWith(`${head}.${claims}.`));
        if (original === undefined) throw new Error(`accepts a changed token of ${verified.sub}`);
      },
    }),
  };
})();

const LIQUID_DATA = JSON.stringify({
  a: "A",
  b: [1, "x", null],
  list: [{ a: 1 }, { a: 2 }],
  map: { a: { b: 2 } },
  n: 3,
});

const LIQUID: TextFormat = {
  samples: [
    "{% for x in list reversed limit: 2 %}{{ forloop.index }}{{ x.a | plus: n | default: 'y' }}{% else %}-{% endfor %}",
    "{% if a == 'A' and b contains 1 or n > 2.5 %}{{ a | upcase | append: \"!\" }}{% elsif map.a.b %}x{% endif %}",
    "{%- assign y = (1..n) | join: ',' -%}{% case n %}{% when 1, 3 %}{{ y | split: ',' | last }}{% endcase %}{% render 'plain', a: b %}",
    "{% capture c %}{{ '2026-01-01' | date: '%Y' }}{% endcapture %}{{ c | times: 2 | json }}{% increment n %}{% raw %}{{{% endraw %}",
  ],
  parts: [
    "{{",
    "}}",
    "{%",
    "%}",
    "-%}",
    "|",
    ":",
    "..",
    "[",
    "]",
    "'",
    '"',
    "endif",
    "endfor",
    "nil",
    "blank",
    "map: ",
    "where: ",
  ],
  open: () => ({
    check(text) {
      const { interpreted, compiled } = renderBothWays([text], LIQUID_DATA, false);
      const hasLimit = [interpreted, compiled].some(({ texts }) => texts.some((one) => one.includes("limit")));
      if (!hasLimit) expectEqual(compiled, interpreted, "compiled, it renders");
    },
  }),
};

/** The formats, by the names of their targets. */
export const TEXT_FORMATS: Readonly<Record<string, TextFormat>> = {
  json: JSON_FORMAT,
  json_lines: JSON_LINES,
  csv: CSV,
  users_csv: USERS_CSV,
  yaml: YAML,
  po: PO,
  times: TIMES,
  cursors: CURSORS,
  flags: FLAGS,
  tokens: TOKENS,
  liquid_text: LIQUID,
};
