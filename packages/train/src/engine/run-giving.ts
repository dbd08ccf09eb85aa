import type { Tensor } from "@lowbit/ir";
import { Session, type Feeds, type ThreadSession } from "@lowbit/runtime";

/** Runs a session wherever it is; one on a thread of its own gets the memory of the `given` feeds, and copies of others. */
export function runGiving(
  session: Session | ThreadSession,
  feeds: Feeds,
  given: ReadonlySet<string>,
): Promise<Record<string, Tensor>> {
  return session instanceof Session ? session.run(feeds) : session.run(feeds, undefined, given);
}
