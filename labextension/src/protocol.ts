// Generated from caveagent_magic/events.py by labextension/protocol.py: change it there.

export const MIME_TYPE = "application/vnd.caveagent.events+json";

export const VERSION = 1;

/** An nbformat v4 output: stream, display_data, execute_result or error. */
export type Output = Readonly<Record<string, unknown>>;

export type Capability = "read_file" | "write_file" | "delete_file" | "network" | "process" | "dynamic_code" | "introspection" | "deserialization" | "secrets" | "native" | "kernel" | "shadowing" | "markup" | "exhaustion" | "unknown";

export type Judgement = "allow" | "ask" | "deny";

export type Action = "run" | "adopt" | "edit" | "skip" | "stop";

export type QuestionKind = "choice" | "number" | "column";

export type EndReason = "done" | "plan" | "stopped" | "failed" | "nobody" | "max_steps" | "budget" | "broken";

/** What the model may know of one live object. */
export interface VariableCard {
  readonly name: string;
  readonly type_name: string;
  readonly qualified_type: string;
  /** one line: shape, size or signature */
  readonly summary: string;
  /** further lines: columns with their types, members */
  readonly details: readonly string[];
  /** why the object could not be looked at; empty: it could */
  readonly note: string;
  /** lines that tell values: ranges, categories; only where these may leave */
  readonly statistics: readonly string[];
}

/** One use of a capability in the code; lines count from 1, columns from 0, ends are exclusive. */
export interface Finding {
  /** "CAVE301" */
  readonly code: string;
  readonly capability: Capability;
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly end_line: number;
  readonly end_column: number;
  /** the path, host or name that a policy can speak of, where it is known */
  readonly target: string;
}

/** What the policy makes of the findings; no findings means that none was found, not that it is safe. */
export interface Verdict {
  readonly decision: Judgement;
  readonly findings: readonly Finding[];
}

/** Something outside the kernel that running code tried to do. */
export interface Effect {
  readonly capability: Capability;
  /** "out/report.csv", "api.example.org:443" */
  readonly target: string;
  readonly allowed: boolean;
  /** "new, 12.3 kB" */
  readonly detail: string;
  /** the beginning of a text file that would be written */
  readonly preview: string;
}

/** One name that a step touched. */
export interface Change {
  readonly name: string;
  /** "10,000 → 9,912 rows, +margin" */
  readonly summary: string;
  /** "3 → 5", for the person only: it is never told to the model */
  readonly values: string;
}

/** What a step did to the namespace. */
export interface Changes {
  readonly added: readonly Change[];
  readonly changed: readonly Change[];
  readonly removed: readonly Change[];
  /** what could not be checked; empty: all was */
  readonly note: string;
  /** guards on data that no longer hold */
  readonly broken: readonly Change[];
}

/** What the model asks back where a task can be read in several ways. */
export interface Question {
  readonly text: string;
  readonly kind: QuestionKind;
  /** one of which is the answer; none for a number */
  readonly options: readonly string[];
}

/** A figure of the answer and where it was found; that it means what the answer says is not known. */
export interface Figure {
  /** as it is written: "18.2 %" */
  readonly text: string;
  /** "found in step 3", "not found in this turn's outputs" */
  readonly note: string;
  /** whose output holds it; 0: none */
  readonly step: number;
  readonly found: boolean;
}

/** A turn begins: this is what is about to leave the machine. */
export interface TurnStarted {
  readonly type: "turn_started";
  readonly turn: string;
  readonly step: number;
  readonly prompt: string;
  readonly model: string;
  readonly cards: readonly VariableCard[];
  /** exactly what the first request adds to what was sent before */
  readonly request_text: string;
  /** of the whole first request */
  readonly tokens: number;
  /** true: counted here, not by the model's own tokenizer */
  readonly tokens_estimated: boolean;
  /** US dollars for these tokens; null: the price is not known */
  readonly cost: number | null;
  /** a recorded turn runs again, and nothing is sent */
  readonly replayed: boolean;
  /** what the record of the notebook has to do with it; empty: nothing */
  readonly record: string;
  /** tokens that the turn may use; 0: no limit */
  readonly budget: number;
}

/** Something takes long before the model can answer, such as loading weights. */
export interface Progress {
  readonly type: "progress";
  readonly turn: string;
  readonly step: number;
  readonly text: string;
  /** null: unknown */
  readonly fraction: number | null;
}

/** A further piece of the model's text outside code. */
export interface Prose {
  readonly type: "prose";
  readonly turn: string;
  readonly step: number;
  readonly text: string;
}

/** The code of this step; a second one in the same step replaces the first. */
export interface CodeProposed {
  readonly type: "code_proposed";
  readonly turn: string;
  readonly step: number;
  readonly code: string;
  readonly by: "model" | "user";
  /** false: more of it is still streaming */
  readonly complete: boolean;
}

/** Tokens of one reply; input excludes cached. */
export interface Usage {
  readonly type: "usage";
  readonly turn: string;
  readonly step: number;
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  /** US dollars; null: the price is not known */
  readonly cost: number | null;
  readonly seconds: number;
  /** true: reading stopped before the server said how many */
  readonly estimated: boolean;
}

/** The security layer has read the code. */
export interface Judged {
  readonly type: "judged";
  readonly turn: string;
  readonly step: number;
  readonly verdict: Verdict;
}

/** What the code did in a throw-away fork of the kernel. */
export interface Rehearsed {
  readonly type: "rehearsed";
  readonly turn: string;
  readonly step: number;
  readonly outputs: readonly Output[];
  readonly changes: Changes;
  readonly effects: readonly Effect[];
  readonly seconds: number;
  /** what held the rehearsal, in words */
  readonly sandbox: string;
  /** why it was ended early; empty: it ran to its end */
  readonly stopped: string;
  /** why its results cannot be taken over; empty: they can, or it was too short */
  readonly not_adoptable: string;
}

/** The code was not tried beforehand. */
export interface RehearsalSkipped {
  readonly type: "rehearsal_skipped";
  readonly turn: string;
  readonly step: number;
  readonly reason: string;
}

/** The turn waits; an answer must carry the nonce and the hash of the code it is about. */
export interface DecisionAsked {
  readonly type: "decision_asked";
  readonly turn: string;
  readonly step: number;
  readonly actions: readonly Action[];
  readonly nonce: string;
  readonly code_hash: string;
  /** what `remember` would allow in this notebook, in words */
  readonly rules: readonly string[];
}

/** The step was answered. */
export interface Decided {
  readonly type: "decided";
  readonly turn: string;
  readonly step: number;
  readonly action: Action;
  /** record: this very code was approved before */
  readonly by: "user" | "rule" | "policy" | "record";
  readonly note: string;
  /** what is allowed in this notebook from now on, in words */
  readonly rules: readonly string[];
  /** the model is not told what running the step puts out */
  readonly untold: boolean;
}

/** The code ran in the kernel. */
export interface Ran {
  readonly type: "ran";
  readonly turn: string;
  readonly step: number;
  readonly outputs: readonly Output[];
  readonly changes: Changes;
  readonly seconds: number;
  readonly effects: readonly Effect[];
  /** where it came out otherwise than rehearsed, in sentences */
  readonly differs: readonly string[];
  /** the rehearsed results were taken over, and nothing ran again */
  readonly adopted: boolean;
}

/** The model asks back; an answer must carry the nonce. */
export interface QuestionAsked {
  readonly type: "question_asked";
  readonly turn: string;
  readonly step: number;
  readonly question: Question;
  /** empty: nobody is there to answer */
  readonly nonce: string;
}

/** The question was answered, or left to the model. */
export interface QuestionAnswered {
  readonly type: "question_answered";
  readonly turn: string;
  readonly step: number;
  /** empty: the model goes on and says what it assumed */
  readonly answer: string;
  readonly by: "user" | "nobody";
}

/** Exactly what the model is told of this step. */
export interface Observed {
  readonly type: "observed";
  readonly turn: string;
  readonly step: number;
  readonly text: string;
  /** characters of the outputs that the model does not see */
  readonly left_out: number;
}

/** Names given back their earlier values, and those that could not be. */
export interface Undone {
  readonly type: "undone";
  readonly turn: string;
  readonly step: number;
  readonly names: readonly string[];
  readonly not_undone: readonly Change[];
  /** an undo was itself taken back */
  readonly redo: boolean;
}

/** The turn cannot go on. */
export interface Failed {
  readonly type: "failed";
  readonly turn: string;
  readonly step: number;
  readonly message: string;
}

/** The last event of every turn. */
export interface TurnEnded {
  readonly type: "turn_ended";
  readonly turn: string;
  readonly step: number;
  readonly reason: EndReason;
  readonly answer: string;
  /** of the answer; small counts and years only where they were found */
  readonly figures: readonly Figure[];
}

/** Everything that can happen in a turn. */
export type CaveEvent =
  | TurnStarted
  | Progress
  | Prose
  | CodeProposed
  | Usage
  | Judged
  | Rehearsed
  | RehearsalSkipped
  | DecisionAsked
  | Decided
  | Ran
  | QuestionAsked
  | QuestionAnswered
  | Observed
  | Undone
  | Failed
  | TurnEnded;
