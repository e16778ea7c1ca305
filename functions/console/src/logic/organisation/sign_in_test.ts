import { equal } from "node:assert/strict";
import { nextPlace } from "./sign_in.ts";

Deno.test("somebody who must sign in comes back to the page that was asked for", () => {
  equal(nextPlace("/people/ann?tab=why"), "/people/ann?tab=why");
  equal(nextPlace("/sign-in?error=X&next=%23%2Fcampaigns%2Fabc"), "/campaigns/abc");
});

Deno.test("nobody is led out of the console, or round in a circle", () => {
  equal(nextPlace("/sign-in?next=https%3A%2F%2Fevil.example"), "/campaigns");
  equal(nextPlace("/sign-in?next=%23%2Fsign-in"), "/campaigns");
  equal(nextPlace("/sign-in"), "/campaigns");
});
