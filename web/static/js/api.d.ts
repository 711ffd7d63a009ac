// The messages between the server and the page. Made from appliance/contract by tools/make_api_types.py: do not edit.

/** The machine on which the appliance runs. */
export interface Board {
  id: string;
  name: string;
}

/** The area of a frame that a class covers, for a model that assigns a class to every pixel. */
export interface ClassArea {
  class_id: number;
  label: string;
  /** Pixels */
  area: number;
  /** Of the picture, 0 to 1 */
  share: number;
}

/** Counts of one hour or day, of one label in one stream, and of one zone or line if it names one. */
export interface CountRow {
  /** Begin of the hour or day in the appliance's time zone, Unix time */
  time: number;
  stream: string;
  label: string;
  zone: string | null;
  line: string | null;
  /** Events that began; of a zone: tracks that entered it */
  events: number;
  /** Crossings of the line with direction "in" */
  entered: number;
  /** Crossings of the line with direction "out" */
  left: number;
}

/** Counts, oldest first. */
export interface Counts {
  counts: CountRow[];
}

/** A track crossed a line. */
export interface Crossing {
  line: string;
  /** in: from the left of the line's direction to its right */
  direction: "in" | "out";
  time: number;
}

/** Whether the daemon answers the dashboard. */
export interface DaemonConnection {
  up: boolean;
  /** Unix time */
  since: number;
  /** A sentence; "" while it is up */
  why: string;
}

/** The daemon's process, and the state of the whole appliance. */
export interface DaemonState {
  pid: number;
  version: string;
  /** Unix time */
  started: number;
  /**
   * running: all streams are live. slow: at least one is slow. degraded: some streams work, and some do not.
   * not_live: no stream has frames.
   */
  status: "starting" | "loading" | "running" | "slow" | "degraded" | "no_model" | "no_results" | "not_live" | "stopping";
  /** Whether detection runs on at least one stream, as in /readyz */
  ready: boolean;
  problem: string | null;
}

/** One detected object in one frame. */
export interface Detection {
  class_id: number;
  label: string;
  score: number;
  /** x_min, y_min, x_max, y_max in pixels */
  box: [number, number, number, number];
  mask?: Mask;
  /** Id of its track, and of the event of that; absent before its second sight */
  track?: string;
  /** Whether its track stands still */
  stationary?: boolean;
}

/** The objects found in one frame, highest score first. */
export interface Detections {
  stream: string;
  /** Number in the stream */
  frame: number;
  source: string;
  /** Seconds: the Unix time of capture, or the position in a movie */
  time: number;
  width: number;
  height: number;
  detections: Detection[];
  segmentation?: ClassArea[];
}

/** A model that is being downloaded, or whose download failed. */
export interface Download {
  /** Bytes */
  done: number;
  total: number | null;
  error: string | null;
}

/** An event with its path and its moments. */
export interface EventDetail {
  event: EventRecord;
  /** Seconds since its start, and the box then; a point for every 1 % of the diagonal */
  path: [number, number, number, number, number][];
  happenings: Happening[];
}

/** An event that began, changed or ended. */
export interface EventMessage {
  type: "new" | "update" | "end";
  event: EventRecord;
}

/** Events, newest first. */
export interface EventPage {
  events: EventRecord[];
  /** For the next page; null on the last one */
  cursor: string | null;
}

/** An event: a track that counted, from its first sight to its end. */
export interface EventRecord {
  id: string;
  stream: string;
  label: string;
  /** Unix time of the first sight */
  start: number;
  /** null while it goes on */
  end: number | null;
  /** The highest median of one second's scores */
  score: number;
  top_score: number;
  /** In the best picture; shares of the picture */
  box: [number, number, number, number];
  /** Of that box, as a share of the picture */
  area: number;
  /** The highest measured in a zone with sides, in km/h */
  speed: number | null;
  /** The zones it entered, in order */
  zones: string[];
  lines: Crossing[];
  stationary: boolean;
  severity: "alert" | "detection";
  /** Id of the review that it belongs to */
  review: string | null;
  has_snapshot: boolean;
  /** Whether a recording covers it, at least in part */
  has_clip: boolean;
  starred: boolean;
  /** Whether the appliance crashed meanwhile; `end` is when it was last seen */
  interrupted?: boolean;
}

/** One moment of a track. */
export interface Happening {
  type: "detected" | "left" | "entered" | "exited" | "crossed" | "loitering" | "stationary" | "active";
  stream: string;
  /** Unix time, or the position in a movie, in seconds */
  time: number;
  /** Id of the track, and of its event */
  track: string;
  label: string;
  /** Of entered, exited and loitering */
  zone?: string;
  /** Of crossed */
  line?: string;
  /** Of crossed */
  direction?: "in" | "out";
}

/** The last half hour, one point every two seconds: lists of equal length; null for a missing reading. */
export interface History {
  /** Unix time */
  time: number[];
  /** By stream */
  fps: Record<string, (number | null)[]>;
  /** By stream, in seconds */
  latency: Record<string, (number | null)[]>;
  /** CPU, in percent */
  cpu: (number | null)[];
  /** GPU, in percent */
  gpu: (number | null)[];
  /** Memory, in bytes */
  memory: (number | null)[];
  /** Power, in watts */
  power: (number | null)[];
  /** Temperature by name, in degrees Celsius */
  temperatures: Record<string, (number | null)[]>;
}

/** A cumulative histogram of the frames' latency in seconds, in the form of Prometheus. */
export interface Latency {
  /** Upper bound, the last "+Inf", and count */
  buckets: [number | string, number][];
  sum: number;
  count: number;
}

/** How often a line was crossed. */
export interface LineTotals {
  /** With direction "in" */
  entered: number;
  /** With direction "out" */
  left: number;
}

/** A setting that can be changed while the appliance runs, with what a form needs to show and check it. */
export interface LiveSetting {
  key: "det_th" | "shown_classes" | "max_vis_fps" | "vis_text" | "show_boxes" | "show_zones";
  /** Its name, for people */
  title: string;
  /** What it does, as half a sentence */
  help: string;
  /** labels: class names */
  kind: "boolean" | "integer" | "number" | "text" | "labels";
  /** To follow "must be": "a number from 0 to 1" */
  takes: string;
  unit: string | null;
  minimum: number | null;
  maximum: number | null;
  /** The texts that are allowed; empty where any is */
  choices: string[];
  /** What 0 means if it is not an amount; else "" */
  zero: string;
  /** Whether a single stream may have a value of its own */
  per_stream: boolean;
}

/** A line of the daemon's log. */
export interface LogEntry {
  /** Unix time */
  time: number;
  level: "info" | "warning" | "error";
  text: string;
}

/** The pixels of one detection: run lengths, in the format of COCO. */
export interface Mask {
  /** Height and width */
  size: [number, number];
  counts: string;
}

/** A model that is installed or can be downloaded. */
export interface Model {
  name: string;
  family: string | null;
  /** The family, for people */
  family_title: string | null;
  bytes: number | null;
  installed: boolean;
  in_catalogue: boolean;
  /** Whether this board can hold it */
  fits: boolean;
  /** Why it does not fit */
  reason: string | null;
  download: Download | null;
}

export type ModelName = string;

/** The power mode and the clocks of a Jetson. */
export interface Power {
  modes: PowerMode[];
  /** Id of a mode; null if it cannot be read */
  current: number | null;
  /** Whether jetson_clocks holds the clocks; null if unknown */
  clocks: boolean | null;
  settable: boolean;
  problem: string | null;
  /** The mode requested last requires a reboot of the board */
  needs_reboot: boolean;
}

/** A mode of nvpmodel. */
export interface PowerMode {
  id: number;
  name: string;
  detail: string;
}

/** One file of a recording. */
export interface Recording {
  name: string;
  stream: string;
  /** Unix time of its first picture */
  started: number;
  /** Duration */
  seconds: number | null;
  bytes: number;
  format: "avi" | "mp4";
  /** Whether it is being written */
  recording: boolean;
  /** Its class, which says how long it is kept; "" if unknown */
  kept_as?: "" | "continuous" | "events" | "alerts";
}

/** All recordings, newest first. */
export interface Recordings {
  recordings: Recording[];
}

/** What stored tracks would have done in other zones and over other lines. */
export interface Replay {
  /** Begin of each event that would have been an alert */
  alerts: number[];
  /** Number of tracks that were looked at */
  tracks: number;
  /** Begin of the time that was looked at */
  after: number;
  before: number;
  /** entered, exited, crossed and loitering, oldest first */
  happenings: Happening[];
  /** Whether all tracks of that time were looked at, and all is listed */
  is_complete: boolean;
}

/** Events close in time in one stream. */
export interface Review {
  id: string;
  stream: string;
  start: number;
  /** null while it goes on */
  end: number | null;
  severity: "alert" | "detection";
  labels: string[];
  zones: string[];
  /** Ids of its events, in order */
  events: string[];
  /** By the user who asks; false in published messages */
  seen: boolean;
}

/** A review that began, changed or ended. */
export interface ReviewMessage {
  type: "new" | "update" | "end";
  review: Review;
}

/** Reviews, newest first. */
export interface ReviewPage {
  reviews: Review[];
  /** For the next page; null on the last one */
  cursor: string | null;
}

/** The model shared by all streams without one of their own. Fields from `family` on: only while a model runs. */
export interface RunningModel {
  name: string | null;
  status: "loading" | "ready" | "failed";
  /** The model that is being loaded, to replace the running one */
  wanted: string | null;
  /** The current step of loading */
  stage: string | null;
  error: string | null;
  /** The model that is used if none is configured */
  default: string;
  family?: string;
  /** The family, for people */
  family_title?: string;
  /** fast or exact */
  path?: string;
  /** Why it is not the fast path */
  reason?: string;
  engine?: string;
  device?: string;
  /** Its classes */
  labels?: string[];
}

/** A recording in progress. */
export interface RunningRecording {
  /** Unix time */
  since: number;
  /** Duration of everything recorded since */
  seconds: number;
  /** Of the segment being written; "" before its first frame */
  name: string;
  /** Of that segment */
  bytes: number;
  /** Whether it was begun, and will be ended, by events */
  by_event?: boolean;
}

/** The review after the change. */
export interface SeenReview {
  review: Review;
}

/** The live settings of all streams. */
export interface Settings {
  /** detections with a lower score are left out */
  det_th: number;
  /**
   * names of the classes to look for, separated by commas; others are not drawn, counted or written; by default all
   */
  shown_classes: string[] | null;
  /** maximum number of frames to draw per second; 0 = no limit, in frames a second */
  max_vis_fps: number;
  /** write the statistics into the picture */
  vis_text: boolean;
  /** draw what is detected: boxes with label, track and score, and masks */
  show_boxes: boolean;
  /** draw zones and lines, with what they have counted */
  show_zones: boolean;
}

/**
 * One of: an index (0), a device path (/dev/video0), an address (rtsp, rtsps, rtmp, rtmps, http, https, udp, tcp,
 * rtp or srt) or a GStreamer pipeline that ends in " ! appsink". Not every device, and not every element of
 * GStreamer, is allowed. Text as the state shows it, with the credentials hidden, keeps that source.
 */
export type Source = number | string;

/** A kind of source that a stream may have. */
export interface SourceKind {
  name: string;
  title: string;
  /** What people may write */
  accepts: string;
  /** Whether it can be chosen here; if not, only in the config file */
  is_admitted: boolean;
}

/** One picture of a source. */
export interface SourcePicture {
  /** base64 */
  jpeg: string;
  /** Of the source, in pixels */
  width: number;
  height: number;
}

/** The event after the change. */
export interface StarredEvent {
  event: EventRecord;
}

/** The whole state of the daemon. */
export interface State {
  daemon: DaemonState;
  board: Board;
  settings: Settings;
  /** Their configured values */
  configured: Settings;
  /** The settings that can be changed at run time, for a form */
  live_settings: LiveSetting[];
  model: RunningModel;
  streams: Stream[];
  /** The installed models, and those of the catalogue */
  models: Model[];
  storage: StorageStatus;
  /** null on a machine without power modes */
  power: Power | null;
  source_kinds: SourceKind[];
  /** Descriptions of the readings in the statistics */
  telemetry: TelemetryRow[];
}

/** The newest statistics; also the daemon's heartbeat. */
export interface Statistics {
  /** Unix time */
  time: number;
  /** By stream name */
  streams: Record<string, StreamStatistics>;
  /** Of the machine: loads in percent, power in watts, temperatures in degrees Celsius */
  readings: Record<string, number | number[] | string[] | Record<string, number>>;
}

/** The storage of recordings. */
export interface StorageStatus {
  /** Free bytes on the disk */
  free: number;
  /** Bytes to keep free */
  floor: number;
  /** Bytes of all recordings and snapshots */
  used: number;
  /** Maximum bytes of all recordings and snapshots; 0 is no limit */
  limit: number;
  /** 0 is forever */
  keep_days: number;
  /** Why nothing can be recorded */
  alarm: string | null;
  /** What will be deleted soon */
  warning: string | null;
  /** Streams that have recordings or snapshots, by name */
  streams: StreamStorage[];
}

/** A stream: its source, model, condition and settings. */
export interface Stream {
  name: string;
  /** With credentials hidden */
  source: string;
  kind: "movie" | "index" | "device" | "address" | "gstreamer";
  /** A model of its own; null for the shared one */
  model: string | null;
  /**
   * Judged by what arrives. starting: no frame yet, or the first model is loading. live: frames and results arrive.
   * slow: fewer than half of the frames are detected. no_frames, no_results: none arrived for some seconds. lost: the
   * source is being reopened. failed: it cannot be opened, or has ended. `problem` has details.
   */
  status: "starting" | "live" | "slow" | "no_frames" | "no_results" | "lost" | "failed";
  problem: string | null;
  /** Pixels; null before the first frame */
  width: number | null;
  height: number | null;
  /** Whether anybody is watching its live picture */
  watched: boolean;
  /** Whether it is as configured in the config file */
  is_configured: boolean;
  /** null for a stream that is not in the config file */
  configured_source: string | null;
  recording: RunningRecording | null;
  recording_problem: string | null;
  /** Live settings of its own; for all others the general ones apply */
  settings: StreamSettings;
}

/** What is in the zones of a stream, and what crossed its lines. */
export interface StreamCounts {
  /** Objects in each zone now, by class */
  zones: Record<string, Record<string, number>>;
  /** Crossings of each line today, in the appliance's time zone */
  lines: Record<string, LineTotals>;
  /** Events since the daemon's start, by class */
  events: Record<string, number>;
  /** Objects that entered each zone since the daemon's start, by class */
  entries: Record<string, Record<string, number>>;
  /** Crossings of each line since the daemon's start, by class */
  crossings: Record<string, Record<string, LineTotals>>;
}

/** Those live settings that one stream has of its own. */
export interface StreamSettings {
  /** detections with a lower score are left out */
  det_th?: number;
  /**
   * names of the classes to look for, separated by commas; others are not drawn, counted or written; by default all
   */
  shown_classes?: string[] | null;
  /** maximum number of frames to draw per second; 0 = no limit, in frames a second */
  max_vis_fps?: number;
  /** write the statistics into the picture */
  vis_text?: boolean;
  /** draw what is detected: boxes with label, track and score, and masks */
  show_boxes?: boolean;
  /** draw zones and lines, with what they have counted */
  show_zones?: boolean;
}

/** The statistics of one stream: rates of the last seconds, counts since the start. */
export interface StreamStatistics {
  /** Frames detected */
  frames: number;
  /** Objects in the newest frame, by class */
  now: Record<string, number>;
  /** Objects in all frames, by class */
  seen: Record<string, number>;
  latency: Latency | null;
  /** Frames detected per second */
  fps: number;
  /** Frames drawn per second */
  vfps: number;
  /** Frames of a live source that were replaced by newer ones */
  drops: number;
  /** Frames that were not drawn because an output was busy */
  vdrops: number;
  timings: Timings | null;
  /** How often the source was reopened */
  reconnects: number;
  /** Frames per second of the source */
  source_fps: number;
  /** Seconds since the newest frame of the source */
  frame_age: number | null;
  /** Seconds since the newest result of the model */
  result_age: number | null;
  /** What was tracked; absent if nothing is */
  counts?: StreamCounts;
}

/** What the recordings and snapshots of one stream take. */
export interface StreamStorage {
  name: string;
  /** Bytes of recordings without an event */
  continuous: number;
  /** Bytes of recordings with an event, and without an alert */
  events: number;
  /** Bytes of recordings with an alert */
  alerts: number;
  /** Bytes of recordings of earlier versions, and of files copied there */
  other: number;
  /** Bytes of snapshots */
  snapshots: number;
  /** Bytes that a day takes at the rate of the last one */
  a_day: number;
  /** How far back recordings will reach at this rate, in seconds; null while that is unknown */
  lasts: number | null;
}

/** A chart of the dashboard. */
export interface TelemetryChart {
  id: string;
  title: string;
  unit: string;
  /** Lower end of its axis, where that is fixed */
  low?: number;
  /** Upper end of its axis, where that is fixed */
  high?: number;
  /** Whether its axis begins at 0, where the ends are not fixed */
  has_zero?: boolean;
}

/** What the dashboard shows of a reading. */
export interface TelemetryRow {
  /** The reading */
  key: string;
  title: string;
  /** B for bytes */
  unit: string;
  /** Which figure of the reading; absent for a single one */
  part?: string;
  /** numbers: one for each name, all of them shown */
  form?: "number" | "numbers" | "words";
  /** As Home Assistant calls it */
  device_class?: string;
  /** As Home Assistant calls it; "" for none */
  state_class?: string;
  /** What a full meter stands for */
  full?: number;
  /** Which figure of the reading a full meter stands for */
  full_part?: string;
  /** Whether it is shown without decimals */
  is_whole?: boolean;
  /** Whether one of the numbers, total, stands for all */
  has_total?: boolean;
  /** The reading in whose line it is shown; absent for a line of its own */
  beside?: string;
  /** The chart that it is drawn in */
  chart?: TelemetryChart;
  /** Its name in the chart; of numbers each has its own */
  series?: string;
}

/** How the time of a frame was spent: means over the window, in seconds. */
export interface Timings {
  /** From the start of capture to the detections */
  total: number;
  /** Reading and decoding */
  cap: number;
  front: number;
  back: number;
  /** Waiting between these steps */
  lost: number;
  /** The part of `lost` between front and back */
  send: number;
  /** null while nobody is watching */
  draw: number | null;
  encode: number | null;
}

/** Zones, lines and masks of the streams, in the form of the config file. */
export interface Zones {
  /** By stream: zones, lines, ignore, privacy */
  streams: Record<string, unknown>;
}

/** What the server sends. */
export interface Events {
  state: State;
  statistics: Statistics;
  detections: Detections;
  log: LogEntry;
  event: EventMessage;
  review: ReviewMessage;
  daemon: DaemonConnection;
  logs: LogEntry[];
}

/** What can be asked for: the fields to send, and what the answer has. */
export interface Commands {
  set_model: { fields: { model: ModelName }; answer: object };
  cancel_model: { fields: object; answer: object };
  get_model: { fields: { model: ModelName }; answer: object };
  set_stream: { fields: { stream: string; source: Source; model?: ModelName | null }; answer: object };
  reset_stream: { fields: { stream: string }; answer: object };
  remove_stream: { fields: { stream: string }; answer: object };
  test_source: { fields: { source: Source }; answer: SourcePicture };
  change_settings: { fields: { settings: { det_th?: number | null; shown_classes?: string[] | null; max_vis_fps?: number | null; vis_text?: boolean | null; show_boxes?: boolean | null; show_zones?: boolean | null; } }; answer: object };
  change_stream_settings: { fields: { stream: string; settings: { det_th?: number | null; shown_classes?: string[] | null; max_vis_fps?: number | null; vis_text?: boolean | null; show_boxes?: boolean | null; show_zones?: boolean | null; } }; answer: object };
  record: { fields: { stream: string; on: boolean }; answer: object };
  set_power: { fields: { mode?: number; clocks?: boolean }; answer: object };
  list_recordings: { fields: object; answer: Recordings };
  delete_recording: { fields: { name: string }; answer: Recordings };
  list_events: { fields: { stream?: string; label?: string; zone?: string; line?: string; severity?: string; after?: number; before?: number; min_score?: number; text?: string; starred?: boolean; cursor?: string; limit?: number }; answer: EventPage };
  get_event: { fields: { id: string }; answer: EventDetail };
  star_event: { fields: { id: string; on: boolean }; answer: StarredEvent };
  list_reviews: { fields: { stream?: string; label?: string; zone?: string; severity?: string; after?: number; before?: number; unseen?: boolean; cursor?: string; limit?: number }; answer: ReviewPage };
  see_review: { fields: { id: string; on: boolean }; answer: SeenReview };
  get_counts: { fields: { group?: string; stream?: string; label?: string; zone?: string; line?: string; after?: number; before?: number }; answer: Counts };
  get_zones: { fields: { stream?: string }; answer: Zones };
  set_zones: { fields: { stream: string; zones?: Record<string, unknown>; lines?: Record<string, unknown>; ignore?: Record<string, unknown>[]; privacy?: Record<string, unknown>[] }; answer: Zones };
  replay_zones: { fields: { stream: string; zones?: Record<string, unknown>; lines?: Record<string, unknown>; after?: number; before?: number }; answer: Replay };
}
