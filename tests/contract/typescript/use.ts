// A frontend's first minutes with a gateway, by the generated client: `node use.js URL USERNAME PASSWORD`. Exits non-zero if anything is not as
// the types promise; the compiler has checked the rest before.
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { argv: string[]; exitCode: number };

type Problem = components["schemas"]["Problem"];
type Unit = components["schemas"]["identity.Unit"];

const [, , url = "", username = "", password = ""] = process.argv;
const traces: string[] = [];
let token = "";

const signedIn: Middleware = {
  onRequest({ request }) {
    if (token) request.headers.set("authorization", `Bearer ${token}`);
    return request;
  },
  onResponse({ response }) {
    traces.push(response.headers.get("x-trace-id") ?? "");
    return undefined;
  },
};
const client = createClient<paths>({ baseUrl: url, headers: { "accept-language": "fr" } });
client.use(signedIn);

function expect(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

function refused(error: Problem | undefined, status: number, reason: string): Problem {
  expect(error, `nothing was refused, though ${reason} was due`);
  expect(error.status === status && error.reason === reason, JSON.stringify(error));
  expect(error.instance === `urn:trace:${traces.at(-1)}`, "the problem names another trace than the response");
  return error;
}

async function signIn(): Promise<string> {
  const wrong = await client.POST("/v1/sessions:signIn", { body: { username, password: "not this one" } });
  refused(wrong.error, 401, "SIGN_IN_FAILED");
  const { data } = await client.POST("/v1/sessions:signIn", { body: { username, password } });
  expect(data?.accessToken, "no token");
  token = data.accessToken;
  return data.officer ?? "";
}

async function lookAround(name: string): Promise<string> {
  const { data: me } = await client.GET("/v1/me");
  expect(me?.officer?.name === name, "signed in as somebody else");
  const country = name.split("/")[1];
  expect(country, "no country in the name");
  const { data: page } = await client.GET("/v1/countries/{country}/units", {
    params: { path: { country }, query: { pageSize: 1 } },
  });
  const units: Unit[] = page?.units ?? [];
  expect(units.length === 1, "one unit was asked for");
  const { error } = await client.GET("/v1/countries/{country}/units", {
    params: { path: { country }, query: { pageSize: -1 } },
  });
  const problem = refused(error, 400, "INVALID_FIELD");
  expect(problem.errors?.[0]?.parameter === "pageSize", JSON.stringify(problem));
  expect(problem.detail.includes("doit"), `not in French: ${problem.detail}`);
  return country;
}

async function addAUnit(country: string): Promise<Unit> {
  const body = { displayName: "Vessel desk", kind: "UNIT_KIND_MARITIME" } as const;
  const unitId = `desk-${Date.now().toString(36)}`;
  // Not from `crypto`, which Node.js 18 does not have as a global.
  const key = `00000000-0000-4000-8000-${Date.now().toString(16).padStart(12, "0")}`;
  const params = { path: { country }, query: { unitId }, header: { "Idempotency-Key": key } };
  const { data: unit } = await client.POST("/v1/countries/{country}/units", { params, body });
  const { data: again } = await client.POST("/v1/countries/{country}/units", { params, body });
  expect(unit?.name && unit.name === again?.name, "a repeat made a second unit");
  return unit;
}

async function renameIt(country: string, unit: Unit): Promise<void> {
  const path = { country, unit: unit.name?.split("/").at(-1) ?? "" };
  const rename = (etag: string, displayName: string) =>
    client.PATCH("/v1/countries/{country}/units/{unit}", {
      params: { path, header: { "If-Match": etag }, query: { updateMask: "displayName" } },
      body: { displayName },
    });
  const { data, response } = await rename(unit.etag ?? "", "Vessels");
  expect(data?.displayName === "Vessels" && data.etag === response.headers.get("etag"), "it was not renamed");
  refused((await rename(unit.etag ?? "", "Ships")).error, 412, "ETAG_MISMATCH");
  const known = await client.GET("/v1/countries/{country}/units/{unit}", {
    params: { path, header: { "If-None-Match": data.etag ?? "" } },
  });
  expect(known.response.status === 304, `answered ${known.response.status} to a known version`);
  const missing = await client.GET("/v1/countries/{country}/units/{unit}", {
    params: { path: { country, unit: "none" } },
  });
  refused(missing.error, 404, "NOT_FOUND");
}

async function listen(country: string, officer: string): Promise<void> {
  const stop = new AbortController();
  const { data, response } = await client.GET("/v1/countries/{country}/officers/{officer}/notifications:watch", {
    params: { path: { country, officer } },
    parseAs: "stream",
    signal: stop.signal,
  });
  expect(data && response.headers.get("content-type")?.startsWith("text/event-stream"), "no event stream");
  const first = await data.getReader().read();
  expect(first.value?.length, "the stream said nothing");
  stop.abort();
}

const name = await signIn();
const country = await lookAround(name);
await renameIt(country, await addAUnit(country));
await listen(country, name.split("/")[3] ?? "");
expect(traces.every((trace) => /^[0-9a-f]{32}$/.test(trace)), "a response without its trace id");
console.log(`${traces.length} calls by ${name}`);
