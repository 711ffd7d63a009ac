// The messages between the server and the page. Made from appliance/contract by tools/make_api_types.py: do not edit.

/** The machine that it runs on. */
export interface Board {
  id: string;
  name: string;
}

/** How much of a frame a class takes, for a model that gives every pixel a class. */
export interface ClassArea {
  class_id: number;
  label: string;
  /** Pixels */
  area: number;
  /** Of the picture, 0 to 1 */
  share: number;
}

/** Whether the daemon answers, as the dashboard sees it. */
export interface DaemonConnection {
  up: boolean;
  /** Unix time */
  since: number;
  /** A sentence; "" while it is up */
  why: string;
}

/** The daemon's process, and how the whole appliance is. */
export interface DaemonState {
  pid: number;
  version: string;
  /** Unix time */
  started: number;
  /**
   * running: all streams are live. slow: one of them is. degraded: some detect, and some give nothing. not_live: none
   * gives frames.
   */
  status: "starting" | "loading" | "running" | "slow" | "degraded" | "no_model" | "no_results" | "not_live" | "stopping";
  /** Whether at least one stream is detected, as /readyz says */
  ready: boolean;
  problem: string | null;
}

/** One box in one frame. */
export interface Detection {
  class_id: number;
  label: string;
  score: number;
  /** x_min, y_min, x_max, y_max in pixels */
  box: [number, number, number, number];
  mask?: Mask;
}

/** What was found in one frame, best first. */
export interface Detections {
  stream: string;
  /** Its number in the stream */
  frame: number;
  source: string;
  /** Seconds: the Unix time of capture, or the position in a movie */
  time: number;
  width: number;
  height: number;
  detections: Detection[];
  segmentation?: ClassArea[];
}

/** A model that is being fetched, or was in vain. */
export interface Download {
  /** Bytes */
  done: number;
  total: number | null;
  error: string | null;
}

/** The last half hour, a point every two seconds: lists of the same length; null where nothing was read. */
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

/** A cumulative histogram of the frames' latency in seconds, as Prometheus has it. */
export interface Latency {
  /** Upper end, the last "+Inf", and count */
  buckets: [number | string, number][];
  sum: number;
  count: number;
}

/** A setting that can be changed while the appliance runs, with what a form needs to show and check it. */
export interface LiveSetting {
  key: "det_th" | "shown_classes" | "max_vis_fps" | "vis_text";
  /** Its name for people */
  title: string;
  /** What it does, as half a sentence */
  help: string;
  /** labels: names of classes */
  kind: "boolean" | "integer" | "number" | "text" | "labels";
  /** To go on after "must be": "a number from 0 to 1" */
  takes: string;
  unit: string | null;
  minimum: number | null;
  maximum: number | null;
  /** The texts that are allowed; empty where any is */
  choices: string[];
  /** What 0 means, where that is no amount; "" elsewhere */
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

/** The pixels of one detection: lengths of runs, as COCO has them. */
export interface Mask {
  /** Height and width */
  size: [number, number];
  counts: string;
}

/** A model that is installed, or can be. */
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
  /** The id of a mode; null where it cannot be read */
  current: number | null;
  /** Whether jetson_clocks holds them; null where that cannot be read */
  clocks: boolean | null;
  settable: boolean;
  problem: string | null;
  /** The mode that was asked for last needs a restart of the board */
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
  /** Unix time */
  started: number;
  /** Playing time */
  seconds: number | null;
  bytes: number;
  format: "avi" | "mp4";
  /** Whether it is being written */
  recording: boolean;
}

/** All recordings, newest first. */
export interface Recordings {
  recordings: Recording[];
}

/** The model that all streams without one of their own share. What follows `error` is there while one runs. */
export interface RunningModel {
  name: string | null;
  status: "loading" | "ready" | "failed";
  /** The model that is being loaded, and is to take over */
  wanted: string | null;
  /** How far loading it is */
  stage: string | null;
  error: string | null;
  /** The model that is used where none is configured */
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

/** A recording that is being made. */
export interface RunningRecording {
  /** Unix time */
  since: number;
  /** Playing time of all that was recorded since */
  seconds: number;
  /** Of the segment being written; "" before its first frame */
  name: string;
  /** Of that segment */
  bytes: number;
}

/** The live settings of all streams. */
export interface Settings {
  /** detections with a lower score are left out */
  det_th: number;
  /**
   * names of the classes that are looked for, with commas between; others are neither drawn nor counted nor written;
   * left out, all
   */
  shown_classes: string[] | null;
  /** draw at most so many frames a second; 0 = no limit, in frames a second */
  max_vis_fps: number;
  /** write the statistics into the picture */
  vis_text: boolean;
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
  /** Whether it may be chosen here, or comes from the config file only */
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

/** Everything that the daemon says of itself and that changes seldom. */
export interface State {
  daemon: DaemonState;
  board: Board;
  settings: Settings;
  /** What the configuration says of them */
  configured: Settings;
  /** What can be changed while it runs, for a form */
  live_settings: LiveSetting[];
  model: RunningModel;
  streams: Stream[];
  /** Those that are installed, and those of the catalogue */
  models: Model[];
  storage: StorageStatus;
  /** null on a machine that has no power modes */
  power: Power | null;
  source_kinds: SourceKind[];
  /** What can be shown of the readings in the statistics */
  telemetry: TelemetryRow[];
}

/** The newest figures; the daemon's heartbeat. */
export interface Statistics {
  /** Unix time */
  time: number;
  /** By the stream's name */
  streams: Record<string, StreamStatistics>;
  /** Of the machine: loads in percent, power in watts, temperatures in degrees Celsius */
  readings: Record<string, number | number[] | string[] | Record<string, number>>;
}

/** Where recordings are kept. */
export interface StorageStatus {
  /** Bytes of the disk */
  free: number;
  /** Bytes that stay free */
  floor: number;
  /** Bytes of all recordings */
  used: number;
  /** Bytes that all may take; 0 is any number */
  limit: number;
  /** 0 is for ever */
  keep_days: number;
  /** Why no recording is made */
  alarm: string | null;
  /** What will be deleted soon */
  warning: string | null;
}

/** One source on its way through the appliance. */
export interface Stream {
  name: string;
  /** With its credentials hidden */
  source: string;
  kind: "movie" | "index" | "device" | "address" | "gstreamer";
  /** A model of its own; null is the one that is shared */
  model: string | null;
  /**
   * By what arrives. starting: no frame yet, or the first model is loading. live: frames come, and results. slow:
   * fewer than half of the frames are detected. no_frames, no_results: nothing of the kind for some seconds. lost:
   * the source is opened again and again. failed: it cannot be opened at all, or ended. `problem` says more.
   */
  status: "starting" | "live" | "slow" | "no_frames" | "no_results" | "lost" | "failed";
  problem: string | null;
  /** Pixels; null before the first frame */
  width: number | null;
  height: number | null;
  /** Whether anybody looks at its live picture */
  watched: boolean;
  /** Whether it is as the config file says */
  is_configured: boolean;
  /** null for a stream that was added here */
  configured_source: string | null;
  recording: RunningRecording | null;
  recording_problem: string | null;
  /** Live settings of its own; of the others those of the state hold */
  settings: StreamSettings;
}

/** Those live settings that one stream has of its own. */
export interface StreamSettings {
  /** detections with a lower score are left out */
  det_th?: number;
  /**
   * names of the classes that are looked for, with commas between; others are neither drawn nor counted nor written;
   * left out, all
   */
  shown_classes?: string[] | null;
  /** draw at most so many frames a second; 0 = no limit, in frames a second */
  max_vis_fps?: number;
  /** write the statistics into the picture */
  vis_text?: boolean;
}

/** The figures of one stream: rates of the last seconds, counts since the start. */
export interface StreamStatistics {
  /** Frames detected */
  frames: number;
  /** Objects in the newest frame, by class */
  now: Record<string, number>;
  /** Objects in all frames, by class */
  seen: Record<string, number>;
  latency: Latency | null;
  /** Frames detected a second */
  fps: number;
  /** Frames drawn a second */
  vfps: number;
  /** Frames of a live source that were overtaken by newer ones */
  drops: number;
  /** Frames that were not drawn because an output was busy */
  vdrops: number;
  timings: Timings | null;
  /** How often the source was opened again */
  reconnects: number;
  /** Frames that the source gives a second */
  source_fps: number;
  /** Seconds since the newest frame of the source */
  frame_age: number | null;
  /** Seconds since the newest result of the model */
  result_age: number | null;
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

/** Where the time of a frame went: means of the window, in seconds. */
export interface Timings {
  /** From the start of its capture to its detections */
  total: number;
  /** Reading and decoding */
  cap: number;
  front: number;
  back: number;
  /** Waiting between them */
  lost: number;
  /** The part of `lost` that lies between front and back */
  send: number;
  /** null while nobody is watching */
  draw: number | null;
  encode: number | null;
}

/** What the server sends. */
export interface Events {
  state: State;
  statistics: Statistics;
  detections: Detections;
  log: LogEntry;
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
  change_settings: { fields: { settings: { det_th?: number | null; shown_classes?: string[] | null; max_vis_fps?: number | null; vis_text?: boolean | null; } }; answer: object };
  change_stream_settings: { fields: { stream: string; settings: { det_th?: number | null; shown_classes?: string[] | null; max_vis_fps?: number | null; vis_text?: boolean | null; } }; answer: object };
  record: { fields: { stream: string; on: boolean }; answer: object };
  set_power: { fields: { mode?: number; clocks?: boolean }; answer: object };
  list_recordings: { fields: object; answer: Recordings };
  delete_recording: { fields: { name: string }; answer: Recordings };
}
