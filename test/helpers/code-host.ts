import type { PostService } from "../../src/features/review/post/post-target.js";
import {
  type HttpTestServer,
  type ReceivedRequest,
  startHttpTestServer,
  type TestResponse,
} from "./http-test-server.js";

interface HostComment {
  id: number;
  body: string;
  authorId: number;
  isBot: boolean;
}

interface Fault {
  method: string;
  response: TestResponse;
  /** Whether the request has its effect although the response says something else. */
  isProcessed?: boolean;
}

const TOKEN = "token_of_the_job_0123456789";
const OWNER_ID = 41_898_282;

/** The statuses and messages with which each service refuses a request, as documented or reported. */
const REFUSALS = {
  github: {
    unauthorized: { status: 401, json: { message: "Bad credentials", status: "401" } },
    forbidden: { status: 403, json: { message: "Resource not accessible by integration", status: "403" } },
    locked: { status: 403, json: { message: "Unable to create comment because issue is locked.", status: "403" } },
    missing: { status: 404, json: { message: "Not Found", status: "404" } },
    too_long: {
      status: 422,
      json: {
        message: "Validation Failed",
        errors: [
          {
            resource: "IssueComment",
            code: "unprocessable",
            field: "data",
            message: "Body is too long (maximum is 65536 characters)",
          },
        ],
      },
    },
  },
  gitlab: {
    unauthorized: { status: 401, json: { message: "401 Unauthorized" } },
    forbidden: { status: 403, json: { message: "403 Forbidden" } },
    locked: { status: 403, json: { message: "403 Forbidden" } },
    missing: { status: 404, json: { message: "404 Not found" } },
    too_long: { status: 400, json: { message: { note: ["is too long (maximum is 1000000 characters)"] } } },
  },
} satisfies Record<PostService, Record<string, TestResponse>>;

const SERVICES = {
  github: {
    prefix: "/api/v3",
    listPath: "/repos/acme/app/issues/7/comments",
    commentPath: "/repos/acme/app/issues/comments/",
    updateMethod: "PATCH",
    maxLength: 65_536,
    hasToken: ({ headers }: ReceivedRequest) => headers.authorization === `Bearer ${TOKEN}`,
  },
  gitlab: {
    prefix: "/api/v4",
    listPath: "/projects/51/merge_requests/7/notes",
    commentPath: "/projects/51/merge_requests/7/notes/",
    updateMethod: "PUT",
    maxLength: 1_000_000,
    hasToken: ({ headers }: ReceivedRequest) => headers["private-token"] === TOKEN,
  },
};

/**
 * A server that behaves as the documented REST API for the comments of one pull request of GitHub or merge request of GitLab. Tests
 * change its fields; `faults` replace the responses of the next requests with their method.
 */
export class CodeHost {
  comments: HostComment[] = [];
  readonly faults: Fault[] = [];
  access: "write" | "read" | "none" = "write";
  isLocked = false;
  /** Whether the token belongs to a person; else to the app of a GitHub job, which has no user. */
  hasUser: boolean;
  /** Called when a request arrives. */
  onRequest: ((request: ReceivedRequest) => void) | null = null;
  private nextId = 1;

  private constructor(
    readonly service: PostService,
    readonly server: HttpTestServer,
  ) {
    this.hasUser = service === "gitlab";
    server.respondWith((request) => this.respond(request));
  }

  static async start(service: PostService): Promise<CodeHost> {
    return new CodeHost(service, await startHttpTestServer());
  }

  get token(): string {
    return TOKEN;
  }

  get apiUrl(): string {
    return this.server.url + SERVICES[this.service].prefix;
  }

  /** Returns the requests as methods and paths without the prefix. */
  get requests(): string[] {
    const { prefix } = SERVICES[this.service];
    return this.server.requests.map(({ method, path }) => `${method} ${path.replace(prefix, "")}`);
  }

  get refusals() {
    return REFUSALS[this.service];
  }

  addComment(body: string, author: { id: number; isBot: boolean }): HostComment {
    const comment = { id: this.nextId++, body, authorId: author.id, isBot: author.isBot };
    this.comments.push(comment);
    return comment;
  }

  addPersonsComments(count: number): void {
    for (let index = 0; index < count; index++) this.addComment("Looks good to me.", { id: 7, isBot: false });
  }

  private respond(request: ReceivedRequest): TestResponse {
    this.onRequest?.(request);
    const index = this.faults.findIndex(({ method }) => method === request.method);
    const [fault] = index === -1 ? [] : this.faults.splice(index, 1);
    if (fault !== undefined && !fault.isProcessed) return fault.response;
    const response = this.process(request);
    return fault?.response ?? response;
  }

  private process(request: ReceivedRequest): TestResponse {
    const { prefix, listPath, commentPath, updateMethod, maxLength, hasToken } = SERVICES[this.service];
    const { refusals, comments } = this;
    if (!hasToken(request)) return refusals.unauthorized;
    if (!request.headers["user-agent"]) return { status: 403, text: "Request forbidden by administrative rules." };
    const { pathname, searchParams } = new URL(request.path, this.server.url);
    const path = pathname.slice(prefix.length);
    const route = `${request.method} ${path}`;
    if (route === "GET /user") return this.hasUser ? { json: { id: OWNER_ID } } : refusals.forbidden;
    if (this.access === "none") return refusals.missing;
    if (route === `GET ${listPath}`) return this.list(pathname, searchParams);
    const body = String(request.json.body);
    const existing = comments.find(({ id }) => path === `${commentPath}${id}`);
    const isUpdate = request.method === updateMethod;
    if (!isUpdate && route !== `POST ${listPath}`) return refusals.missing;
    if (isUpdate && existing === undefined) return refusals.missing;
    if (this.access === "read") return refusals.forbidden;
    if (this.isLocked) return refusals.locked;
    if (body.length > maxLength) return refusals.too_long;
    if (existing === undefined)
      return { status: 201, json: this.print(this.addComment(body, { id: OWNER_ID, isBot: !this.hasUser })) };
    existing.body = body;
    return { json: this.print(existing) };
  }

  /** Returns a page. Its links have the server's public name, which clients behind a proxy cannot reach. */
  private list(pathname: string, search: URLSearchParams): TestResponse {
    const size = Math.min(Number(search.get("per_page") ?? 20), 100);
    const page = Number(search.get("page") ?? 1);
    const hasNext = page * size < this.comments.length;
    const link = (to: number, rel: string): string => {
      const query = new URLSearchParams({ ...Object.fromEntries(search), page: String(to) });
      return `<https://code.example.com${pathname}?${query}>; rel="${rel}"`;
    };
    const links = [...(page > 1 ? [link(page - 1, "prev")] : []), ...(hasNext ? [link(page + 1, "next")] : [])];
    return {
      json: this.comments.slice((page - 1) * size, page * size).map((comment) => this.print(comment)),
      headers: {
        ...(links.length > 0 ? { link: links.join(", ") } : {}),
        ...(this.service === "gitlab" ? { "x-next-page": hasNext ? String(page + 1) : "" } : {}),
      },
    };
  }

  private print({ id, body, authorId, isBot }: HostComment) {
    if (this.service === "gitlab") return { id, body, author: { id: authorId, username: "someone" }, system: false };
    return { id, body, user: { id: authorId, login: "someone", type: isBot ? "Bot" : "User" } };
  }
}
