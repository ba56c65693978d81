/* What the scripts in assets/ find in the browser: Dash's names, ours, and those of libraries. */

/* The pages are HTML: what a selector finds in them is an HTML element. */
interface ParentNode {
  querySelector<Name extends keyof HTMLElementTagNameMap>(selectors: Name): HTMLElementTagNameMap[Name] | null;
  querySelector(selectors: string): HTMLElement | null;
  querySelectorAll<Name extends keyof HTMLElementTagNameMap>(selectors: Name): NodeListOf<HTMLElementTagNameMap[Name]>;
  querySelectorAll(selectors: string): NodeListOf<HTMLElement>;
}

interface Element {
  closest(selectors: string): HTMLElement | null;
}

interface Document {
  readonly activeElement: HTMLElement | null;
}

interface Window {
  dash_clientside: DashClientside;
  /** What the pages of students and of staff share: assets/theme.js and assets/times.js. */
  printdesk: { toggleTheme?: () => string; ago?: (iso: string) => string };
  Plotly: { relayout(chart: Element, layout: object): Promise<unknown> };
  SwaggerUIBundle(options: object): unknown;
}

/* ---- Dash ---- */

type ComponentId = string | Record<string, string>;

interface DashClientside {
  readonly no_update: unique symbol;
  /** Writes properties of a component that is on the page. */
  set_props(id: ComponentId, props: object): void;
  /** What a clientside callback was called for. */
  callback_context: {
    triggered: { prop_id: string; value: unknown }[];
    inputs_list: { id: Record<string, string>; property: string; value?: unknown }[][];
  };
  printdesk: Console;
}

/* ---- The console's scripts, and what they offer to each other and to Dash's callbacks ---- */

interface Console {
  // assets/console.js
  set(id: string, props: object): void;
  store(id: string, data: unknown): void;
  nearest(event: Event, selectors: string): HTMLElement | null;
  onRedraw(action: () => void): void;
  keep(key: string, value: unknown): void;
  kept(key: string, otherwise: any): any;
  openDialog(): HTMLElement | null;
  restoreFocus(): void;
  // assets/costs.js
  cost(weight: string | number | null, material: string | null, prices: Prices | null): string;
  // assets/focus.js
  cover(job: string): void;
  enterHelp(help: HTMLElement): void;
  leaveHelp(help: HTMLElement): void;
  // assets/live.js
  live: Live;
  onNewsClock(): void;
  onRefreshClock(): void;
  refresh(): Promise<void>;
  afterChange(): Promise<number>;
  // assets/debug.js
  toggleDebug(): void;
  showFacts(): void;
  // assets/notes.js
  showNotes(about: Notes | null): void;
  // assets/preview.js
  showPreview(about: PreviewAbout | null): Promise<string | DashClientside['no_update']>;
  // assets/queue.js
  readControls(go: Partial<View> | null, ...rest: any[]): View | DashClientside['no_update'];
  showView(view: View, job: string | null): string;
  // assets/reports.js
  readReport(...values: any[]): Record<string, string> | DashClientside['no_update'];
  followChart(clicks: any[]): void;
  // assets/sound.js
  sound?: { hear(latest: string | null): void; describe(): string };
}

/** As components/dialogfacts.py writes them; prices per gram are whole hundredths of a cent. */
interface Prices {
  minimum_cents: number;
  cents_per_gram: Record<string, string>;
}

/** As GET /api/v1/news answers. */
interface News {
  unreviewed: number;
  latest_submission: string | null;
  refresh_seconds: number;
}

interface Live {
  state: 'starting' | 'live' | 'away' | 'signed out';
  /** The last answer and its ETag, and those that the page was last drawn for. */
  tag: string | null;
  news: News | null;
  drawn: { tag: string | null; news: News } | null;
  checkedAt: Date | null;
  changedAt: Date | null;
  nextAt: Date | null;
  failures: number;
}

/** A job's notes, as components/notes.py tells them. */
interface Notes {
  job: string;
  text: string;
  by: string | null;
  mine: boolean;
  at: string | null;
}

/** What the queue shows: see components/queueview.py. */
interface View {
  status: string;
  page: number;
  search: string;
  printer: string;
  discipline: string;
  material: string;
  from: string;
  to: string;
  expired: boolean;
  unreviewed: boolean;
  reason: string;
  sort: string;
  [name: string]: string | number | boolean;
}

type Vector = [x: number, y: number, z: number];

interface PreviewAbout {
  url: string;
  graph: string;
  printer: string;
  bed: Vector | null;
}

/** Lines through the points, with a gap wherever one is null. */
interface Path {
  x: (number | null)[];
  y: (number | null)[];
  z: (number | null)[];
}

/** Numbers in Plotly's own packing. */
interface Packed {
  bdata: string;
  dtype: string;
}

/** As GET /api/v1/jobs/<job>/preview answers when there is one; lengths are mm. */
interface Model {
  size_mm: Vector;
  triangles: number;
  shown: number;
  is_simplified: boolean;
  mesh: Record<'x' | 'y' | 'z' | 'i' | 'j' | 'k', Packed>;
  open_edges: Path & { count: number; shown: number };
}

/** Where the camera was sent to, and when. */
interface Viewpoint {
  name: string;
  at: number;
}

interface Preview {
  about: PreviewAbout;
  model: Model;
  view: Viewpoint;
  wireframe: boolean;
  edges: boolean;
}
