/** Sending a file: fetch does not tell how much of it has gone. */

import { heard, refusal, ROOT, Unreachable } from "./api.ts";
import { unanswered } from "./connection.ts";

/** Somebody has stopped the sending; what had gone may have been taken or not. */
export class Stopped extends Unreachable {
  override message = "The sending was stopped; sending it again does not import it twice.";
}

interface Sending {
  key: string;
  signal: AbortSignal;
  /** Called with the share that has gone, from 0 to 1. */
  progress(share: number): void;
}

/** Post a form with a file; return the answer's body. Throws Refused, Unreachable or Stopped. */
export function upload<T>(path: string, form: FormData, sending: Sending): Promise<T> {
  const { key, signal, progress } = sending;
  const request = new XMLHttpRequest();
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  request.open("POST", ROOT + path);
  request.setRequestHeader("Idempotency-Key", key);
  request.responseType = "json";
  request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
  request.onload = () => {
    heard(request.status);
    if (request.status < 300) resolve(request.response);
    else reject(refusal(request.status, request.response));
  };
  request.onerror = () => {
    unanswered();
    reject(new Unreachable());
  };
  request.onabort = () => reject(new Stopped());
  signal.addEventListener("abort", () => request.abort());
  request.send(form);
  return promise;
}
