/** Clarion's REST API: typed by its own document, and answers that refuse as errors. */

import createClient from "openapi-fetch";
import type { components, paths } from "../schema.d.ts";
import { answered, unanswered } from "./connection.ts";

export type Schemas = components["schemas"];

/** A broken rule and the field that it is about. */
export interface BrokenRule {
  field: string;
  message: string;
  /** Where in the field's text, counted from 1. */
  line?: number;
  column?: number;
}

/** The API's word that it will not, in its own sentences (RFC 9457). */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly broken: readonly BrokenRule[],
    readonly body: Readonly<Record<string, unknown>>,
  ) {
    super(message);
  }

  /** The sentence about a field, where one is. */
  of(field: string): string | undefined {
    return this.about(field)[0]?.message;
  }

  /** What is said about a field, and about what is in it; its name is in sight there. */
  about(field: string): BrokenRule[] {
    const within = this.broken.filter((rule) => `${rule.field}.`.startsWith(`${field}.`));
    return within.map((rule) => ({
      ...rule,
      message: rule.message.replace(`${rule.field}: `, ""),
    }));
  }
}

/** Nobody answered: the request may or may not have been done. */
export class Unreachable extends Error {
  constructor() {
    super("Clarion cannot be reached just now.");
  }
}

/** Where the API's paths begin: the console lies in a folder of its own below them. */
export const ROOT = new URL("..", new URL(".", location.href.split("#")[0])).href.replace(
  /\/$/,
  "",
);

export const api = createClient<paths>({ baseUrl: ROOT, fetch: reach });

/** Called where the session has ended. */
let left = () => {};

/** Say what is to happen once nobody is signed in any more. */
export function whenSignedOut(act: () => void): void {
  left = act;
}

async function reach(request: Request): Promise<Response> {
  try {
    const response = await remembered(request);
    heard(response.status);
    return response;
  } catch (error) {
    if (request.signal.aborted) throw error;
    unanswered();
    throw new Unreachable();
  }
}

/** Note what an answer's status says beside its own matter. */
export function heard(status: number): void {
  if (status >= 500) unanswered();
  else answered();
  if (status === 401) left();
}

interface Answer {
  tag: string;
  headers: Headers;
  body: string;
}

/** The last answers and their tags: what has not changed is not sent again (304). */
const known = new Map<string, Answer>();
const KNOWN = 50;

/** Ask, naming what is known already; the browser keeps nothing, for it may be shared. */
async function remembered(request: Request): Promise<Response> {
  if (request.method !== "GET") return fetch(request);
  const last = known.get(request.url);
  if (last) request.headers.set("If-None-Match", last.tag);
  const response = await fetch(request);
  if (response.status === 304 && last) return answerOf(last);
  const tag = response.headers.get("etag");
  known.delete(request.url);
  if (!response.ok || !tag) return response;
  // Read whole: a response that is kept unread is lost when its request is given up.
  const answer = { tag, headers: response.headers, body: await response.text() };
  known.set(request.url, answer);
  if (known.size > KNOWN) known.delete(known.keys().next().value!);
  return answerOf(answer);
}

function answerOf({ headers, body }: Answer): Response {
  return new Response(body, { headers });
}

/** Forget all answers: somebody else may be next. */
export function forget(): void {
  known.clear();
}

/** What openapi-fetch tells of a request. */
interface Told<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Return an answer's body. Throws Refused or Unreachable. */
export async function ask<T>(asked: Promise<Told<T>>): Promise<T> {
  const { data, error, response } = await asked;
  if (response.ok) return data as T;
  throw refusal(response.status, error);
}

/** Return an answer's body and its ETag, to be named when it is changed. Throws as `ask` does. */
export async function askTagged<T>(asked: Promise<Told<T>>): Promise<[T, string]> {
  const told = await asked;
  if (told.response.ok) return [told.data as T, told.response.headers.get("etag") ?? ""];
  throw refusal(told.response.status, told.error);
}

/** Return what a status and a problem document say, as an error. */
export function refusal(status: number, problem: unknown): Refused {
  const body = (typeof problem === "object" && problem !== null ? problem : {}) as Record<
    string,
    unknown
  >;
  const detail = typeof body.detail === "string" ? body.detail : `The server answered ${status}.`;
  const rules = Array.isArray(body.errors) ? body.errors : [];
  const broken = rules.filter((rule) => typeof rule?.field === "string");
  if (!broken.length && typeof body.field === "string") {
    broken.push({ field: body.field, message: detail });
  }
  return new Refused(status, String(body.code ?? ""), detail, broken, body);
}
