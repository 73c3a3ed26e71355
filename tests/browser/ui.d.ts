// Shapes that the console's files share: for tsc alone, so that browsers need not load them.

declare namespace Ui {
  type Child = Node | string | number | null | undefined | false;
  type Children = Child | Child[];
  /** Attributes and listeners of an element. */
  type Props = { [name: string]: unknown };
  /** What is in an element: attributes, if any, then children. */
  type Content = [Props, ...Children[]] | Children[];
  type Name = keyof HTMLElementTagNameMap;
  /** The name of an element with its classes: `p.small.muted`. */
  type Tag = Name | `${Name}.${string}`;
  type ElementOf<T extends string> = T extends `${infer N}.${string}`
    ? ElementOf<N>
    : T extends Name
      ? HTMLElementTagNameMap[T]
      : never;

  /**
   * What the address says: `#/deliveries/dlv_1?x=y` is `{ path: ["deliveries", "dlv_1"], query }`. `back`: whether the user
   * came back to it.
   */
  type Route = { path: string[]; query: URLSearchParams; signal: AbortSignal; back: boolean };
  type View = (route: Route) => Promise<HTMLElement[]> | HTMLElement[];

  /** What tabs tell each other of the key. */
  type Message = { ask: true } | { key: string; instead?: string } | { out: string };
  /** A window of a rate limit; `resetsIn` in seconds. */
  type Window = { limit: number; remaining: number; resetsIn: number };
  type Defect = { field: string; code: string; message: string };
  /** Endpoints by their id. */
  type Names = Map<string, Api.Endpoint>;

  /** Reads a page of a list. */
  type Read<T> = (cursor: string | null, signal: AbortSignal, limit?: number) => Promise<Api.Page<T>>;
  /** A list under filters. */
  type List = { load: () => Promise<void>; clear: (...instead: HTMLElement[]) => void };
  /** Where a page that is shown begins: its cursor and the id before it. */
  type Begin = { cursor: string | null; after: string | null };
  /** How a list looks. `none` is there when it is empty, `tools` are buttons over it. */
  type Look<T> = {
    label: string;
    columns: string[];
    row: (item: T) => HTMLElement;
    none: () => HTMLElement;
    pick?: Pick<T>;
    tools?: HTMLElement[];
  };
  /** What can be done with rows. `word`: what a row is called; `run` resolves to those that it was done with. */
  type Pick<T> = { word: (item: T) => string; action: string; run: (items: T[]) => Promise<T[]> };
  /** A list as a file of this name. `row`: the columns of CSV, the same for each item; `at`: an item's time. */
  type Exported<T> = {
    name: string;
    read: Read<T>;
    row: (item: T) => Record<string, unknown>;
    at: (item: T) => string;
  };

  /**
   * How long a plot is: what it asks for, what each bar is, how long that is in milliseconds, and which bars have their time
   * written below.
   */
  type Range = {
    label: string;
    words: string;
    query: { hours: number; step: string };
    bar: string;
    ms: number;
    tick: (at: Date) => string | false;
  };
  type Outcome = "failed" | "waiting" | "cancelled" | "delivered";
  /** What the steps of a plot have in common: the tops of its scales, and how a step is told and listed. */
  type Plot = {
    most: number;
    slowest: number;
    present: (readonly [Outcome, string])[];
    isCounted: (step: Api.Step) => boolean;
    when: (step: Api.Step) => string;
    list: (step: Api.Step, status?: string) => string;
  };

  /** What a replay is asked for, what a call of it answers, and what all of its calls did; `next`: where to go on, if it ended early. */
  type Wanted = { since: string; until: string; events: string[] | null; only: string };
  type Replayed = { matched: number; queued: number; underWay: number; nextSince: string | null };
  type Total = { matched: number; queued: number; underWay: number; next: string | null; why: string };

  /** The state of a secret that was rotated. */
  type Overlap = { promotesAt: string | null; previous: { validUntil: string }[] };
  /** The headers that sign a request. */
  type Signed = { seconds: string; signature: string; standard: string };
  /** What a receiver got, as somebody has typed it. */
  type Received = { body: string; timestamp: string; signature: string; secret: string; id: string };
  /** What is known of the delivery. `attempts`: Unix seconds; `previous`: how many secrets before the present one are valid. */
  type Sent = {
    body: string | null;
    secret: string;
    previous: number;
    attempts: number[];
    endpoint: string;
    others: { name: string; hint: string }[];
  };
  type Part = { name: string; right: boolean; words: string };
  type Finding = {
    tone: "good" | "warn" | "bad";
    verdict: string;
    title: string;
    advice: string[];
    parts?: Part[];
    expected?: string;
  };
  /** A common mistake, undone. */
  type Trial = { change: Partial<Received>; part: string; advice: string };
}
