"use strict";(self.rspackChunkcaveagent_magic=self.rspackChunkcaveagent_magic||[]).push([[141],{810(e,a,o){var r=o(601),t=o.n(r),i=o(314),n=(o.n(i))()(t());n.push([e.id,`/* The answer of the person: buttons, the note, what is remembered. */

section.cave {
  .cave-remember {
    display: flex;
    align-items: baseline;
    gap: 8px;
    margin-bottom: 8px;
    overflow-wrap: anywhere;
  }
  .cave-limits {
    margin-top: 8px;
  }
  .cave-late {
    animation: cave-late 1s step-end;
  }
  .cave-buttons {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
  }
  .cave-button {
    min-width: 64px;
    height: 30px;
    padding: 0 14px;
    border: 1px solid color-mix(in srgb, var(--cave-ink) 22%, var(--cave-ground));
    border-radius: 6px;
    background: var(--cave-ground);
    color: var(--cave-ink);
    font: 500 13px / 1 var(--cave-text);
    cursor: pointer;
  }
  .cave-button:hover:enabled {
    background: var(--cave-raised);
    border-color: color-mix(in srgb, var(--cave-ink) 36%, var(--cave-ground));
  }
  .cave-button:disabled {
    opacity: 0.5;
    cursor: default;
  }
  .cave-top .cave-button-stop:disabled {
    opacity: 0.85; /* "Stopping…" is there to be read */
    font-style: italic;
  }
  .cave-button-main {
    border-color: transparent;
    background: var(--cave-accent);
    color: var(--cave-on-accent);
    font-weight: 600;
  }
  .cave-button-main:hover:enabled {
    border-color: transparent;
    background: color-mix(in srgb, var(--cave-accent) 88%, var(--cave-ink));
  }
  .cave-button-stop:hover:enabled {
    border-color: var(--cave-bad);
    color: var(--cave-bad);
  }
  .cave-top .cave-button {
    height: 26px;
    min-width: 0;
    padding: 0 12px;
    font-size: 12px;
  }
  .cave-note {
    flex: 1 1 200px;
    min-width: 0;
    height: 30px;
    padding: 0 10px;
    border: 1px solid var(--cave-line);
    border-radius: 6px;
    background: var(--cave-ground);
    color: var(--cave-ink);
    font: 13px / 1 var(--cave-text);
  }
  .cave-note::placeholder {
    color: var(--cave-quiet);
    opacity: 1;
  }
  .cave-undone {
    white-space: pre-wrap;
  }
  .cave-message {
    margin-top: 6px;
    color: var(--cave-found);
    font-size: 12px;
  }
  .cave-message:empty {
    display: none;
  }
}

/* a rehearsal is mostly over before anybody could press it */
@keyframes cave-late {
  from {
    display: none;
  }
}
`,""]),o.d(a,{},{A:n})},671(e,a,o){var r=o(601),t=o.n(r),i=o(314),n=(o.n(i))()(t());n.push([e.id,`/* Code, the findings at its lines, and the editor in its place. */

section.cave {
  .cave-block {
    border: 1px solid var(--cave-line);
    border-radius: 6px;
    overflow: hidden;
  }
  .cave-bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0 12px;
    min-height: 30px;
    padding: 3px 12px;
    border-bottom: 1px solid var(--cave-line);
    background: var(--cave-raised);
  }
  .cave-verdict {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    color: var(--cave-quiet);
    font-size: 12px;
  }
  .cave-verdict::before {
    content: "";
    width: 7px;
    height: 7px;
    border: 1.5px solid currentColor;
    border-radius: 50%;
  }
  .cave-verdict[data-decision="ask"] {
    color: var(--cave-found);
    font-weight: 600;
  }
  .cave-verdict[data-decision="deny"] {
    color: var(--cave-bad);
    font-weight: 600;
  }
  .cave-verdict:is([data-decision="ask"], [data-decision="deny"])::before {
    background: currentColor;
  }
  .cave-code {
    max-height: 480px;
    padding: 8px 0;
    overflow: auto;
  }
  .cave-line {
    display: flex;
    width: max-content;
    min-width: 100%;
    padding-inline-end: 16px;
    min-height: 20px;
    line-height: 20px;
  }
  .cave-line::before {
    content: attr(data-line);
    flex: none;
    width: 44px;
    padding-inline-end: 14px;
    color: color-mix(in srgb, var(--cave-ink) 55%, var(--cave-ground));
    font: 11px / 20px var(--cave-mono);
    text-align: end;
  }
  .cave-line code {
    line-height: 20px;
    white-space: pre;
    tab-size: 4;
  }
  /* wrapped, so that nothing of what is to be approved is out of sight */
  .cave-code > .cave-line {
    width: auto;

    code {
      min-width: 0;
      overflow-wrap: anywhere;
      white-space: pre-wrap;
    }
  }
  .cave-code:focus-visible {
    outline-offset: -2px;
  }
  .cave-line-found {
    background: color-mix(in srgb, var(--cave-found) 9%, var(--cave-ground));
  }
  .cave-found {
    text-decoration: underline 1.5px var(--cave-found);
    text-decoration-skip-ink: none;
    text-underline-offset: 4px;
  }
  .cave-finding {
    position: sticky;
    left: 0;
    display: flex;
    flex-wrap: wrap;
    gap: 0 10px;
    width: 100%;
    padding: 3px 16px 5px 44px;
    background: color-mix(in srgb, var(--cave-found) 9%, var(--cave-ground));
    font-size: 12px;
  }
  .cave-finding-kind {
    color: var(--cave-found);
    font-weight: 600;
  }
  .cave-finding-code {
    margin-inline-start: auto;
    color: var(--cave-quiet);
    font: 11px / 19px var(--cave-mono);
  }
  .cave-block:has([data-decision="deny"]) .cave-code {
    --cave-found: var(--cave-bad);
  }
  .cave-py-keyword {
    color: var(--jp-mirror-editor-keyword-color, light-dark(#8b2bb0, #d29bf0));
  }
  .cave-py-builtin {
    color: var(--jp-mirror-editor-builtin-color, light-dark(#0b6e5e, #6fd3bf));
  }
  .cave-py-string {
    color: var(--jp-mirror-editor-string-color, light-dark(#a8322a, #f0a08f));
  }
  .cave-py-number {
    color: var(--jp-mirror-editor-number-color, light-dark(#176d2f, #8fd694));
  }
  .cave-py-comment {
    color: light-dark(#5c6b70, #93a1a8);
    font-style: italic;
  }
  .cave-py-definition {
    color: var(--jp-mirror-editor-def-color, light-dark(#1a4fc4, #82b1ff));
  }
  .cave-py-decorator {
    color: light-dark(#6a4fb0, #b9a3f5);
  }
  .cave-edit {
    padding: 0 0 6px;
  }
  .cave-page {
    display: grid;
    width: max-content;
    min-width: 100%;
  }
  .cave-page > * {
    grid-area: 1 / 1;
  }
  .cave-editor {
    display: block;
    min-width: 100%;
    padding: 0 16px 0 44px;
    border: 0;
    overflow: hidden;
    background: none;
    color: transparent;
    caret-color: var(--cave-ink);
    font: 12.5px / 20px var(--cave-mono);
    tab-size: 4;
    white-space: pre;
    resize: none;
  }
  .cave-editor::selection {
    background: color-mix(in srgb, var(--cave-accent) 30%, transparent);
    color: transparent;
  }
  .cave-editor:focus-visible {
    outline: none;
  }
  .cave-block:has(.cave-editor:focus-visible) {
    outline: 2px solid var(--cave-accent);
    outline-offset: 1px;
  }
  .cave-recheck {
    padding: 6px 16px 2px 44px;
    border-top: 1px solid var(--cave-line);
    font-size: 12px;
  }
  .cave-recheck:has(.cave-verdict:empty) {
    display: none;
  }
  .cave-hint {
    padding: 4px 16px 0 44px;
  }
}
`,""]),o.d(a,{},{A:n})},477(e,a,o){var r=o(601),t=o.n(r),i=o(314),n=(o.n(i))()(t());n.push([e.id,`/* The panel: JupyterLab's own variables where they exist, else a light and a dark set. */

section.cave {
  color-scheme: light dark;
  container-type: inline-size;
  --cave-ground: var(--jp-layout-color0, light-dark(#ffffff, #15171b));
  --cave-ink: var(--jp-ui-font-color0, light-dark(#1d2127, #e4e7eb));
  --cave-quiet: color-mix(in srgb, var(--cave-ink) 66%, var(--cave-ground));
  --cave-raised: color-mix(in srgb, var(--cave-ink) 3.5%, var(--cave-ground));
  --cave-line: color-mix(in srgb, var(--cave-ink) 13%, var(--cave-ground));
  --cave-accent: var(--jp-brand-color1, light-dark(#1f6feb, #6cb0ff));
  --cave-on-accent: light-dark(#ffffff, #0a0f18);
  --cave-found: light-dark(#8a5300, #e5b454);
  --cave-bad: light-dark(#b3261e, #ff8f86);
  --cave-good: light-dark(#19703a, #5fd38a);
  --cave-text: var(--jp-ui-font-family, system-ui, -apple-system, "Segoe UI", sans-serif);
  --cave-mono: var(
    --jp-code-font-family,
    ui-monospace,
    "SF Mono",
    Menlo,
    Consolas,
    "DejaVu Sans Mono",
    monospace
  );

  box-sizing: border-box;
  margin: 4px 0 8px;
  border: 1px solid var(--cave-line);
  border-radius: 8px;
  background: var(--cave-ground);
  color: var(--cave-ink);
  font: 13px / 1.55 var(--cave-text);
  text-align: start;

  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  [hidden] {
    display: none !important;
  }
  &:focus-visible,
  :focus-visible {
    outline: 2px solid var(--cave-accent);
    outline-offset: 2px;
  }
  p,
  pre,
  ul,
  ol,
  h4 {
    margin: 0;
    padding: 0;
  }
  ul {
    list-style: none;
  }
  pre,
  code {
    background: none;
    border: 0;
    padding: 0;
    color: inherit;
    font: 12.5px / 1.6 var(--cave-mono);
  }
  pre {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    word-break: normal;
  }
  summary {
    cursor: pointer;
    list-style: none;
  }
  summary::-webkit-details-marker {
    display: none;
  }

  .cave-quiet,
  .cave-outcome,
  .cave-model,
  .cave-spent,
  .cave-clock,
  .cave-author {
    color: var(--cave-quiet);
    font-size: 12px;
  }

  /* ------------------------------------------------------------ the top */

  .cave-header {
    padding: 10px 16px 12px;
  }
  .cave-top {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 2px 14px;
    min-height: 28px;
  }
  .cave-dot {
    flex: none;
    width: 8px;
    height: 8px;
    margin-inline-end: -6px;
    border-radius: 50%;
    background: var(--cave-quiet);
  }
  .cave-state {
    flex: 1 1 auto;
    font-weight: 600;
  }
  .cave-spent,
  .cave-clock,
  .cave-outcome {
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .cave-clock:empty,
  .cave-spent:empty {
    display: none;
  }
  [data-phase="waiting"] .cave-dot,
  [data-phase="done"] .cave-dot {
    background: var(--cave-accent);
  }
  [data-phase="failed"] .cave-dot,
  [data-phase="nobody"] .cave-dot {
    background: var(--cave-bad);
  }
  [data-phase="loading"] .cave-dot,
  [data-phase="thinking"] .cave-dot,
  [data-phase="writing"] .cave-dot,
  [data-phase="judging"] .cave-dot,
  [data-phase="rehearsing"] .cave-dot,
  [data-phase="running"] .cave-dot {
    background: var(--cave-accent);
    animation: cave-pulse 1.4s ease-in-out infinite;
  }
  .cave-budget {
    display: block;
    margin: 4px 0 8px;
  }
  .cave-budget-low::-webkit-progress-value {
    background: var(--cave-found);
  }
  .cave-prompt {
    margin-top: 4px;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    max-height: 9.3em;
    overflow-y: auto;
  }
  .cave-loading {
    display: grid;
    gap: 6px;
    padding: 0 16px 14px;
  }
  .cave-progress {
    width: 100%;
    height: 4px;
    border: 0;
    border-radius: 2px;
    overflow: hidden;
    background: var(--cave-line);
    accent-color: var(--cave-accent);
  }
  .cave-progress::-webkit-progress-bar {
    background: var(--cave-line);
  }
  .cave-progress::-webkit-progress-value {
    background: var(--cave-accent);
  }

  /* ------------------------------------------------------------ what is folded away */

  .cave-fold {
    font-size: 12px;
  }
  .cave-sent {
    margin-top: 6px;
  }
  .cave-fold > summary {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 0 10px;
    width: fit-content;
    color: var(--cave-quiet);
    border-radius: 4px;
  }
  .cave-fold > summary:hover {
    color: var(--cave-ink);
  }
  .cave-fold > summary::before {
    content: "";
    align-self: center;
    width: 5px;
    height: 5px;
    margin: 0 -2px 0 2px;
    border: solid currentColor;
    border-width: 0 1.5px 1.5px 0;
    transform: rotate(-45deg);
  }
  .cave-fold[open] > summary::before {
    transform: rotate(45deg) translate(-1px, -1px);
  }
  .cave-fold > pre {
    max-height: 320px;
    margin-top: 6px;
    padding: 10px 12px;
    overflow: auto;
    border-radius: 6px;
    background: var(--cave-raised);
    font-size: 12px;
  }
}

[data-jp-theme-light="true"] section.cave {
  color-scheme: light;
}
[data-jp-theme-light="false"] section.cave {
  color-scheme: dark;
}

@keyframes cave-pulse {
  50% {
    opacity: 0.25;
  }
}
`,""]),o.d(a,{},{A:n})},247(e,a,o){var r=o(601),t=o.n(r),i=o(314),n=o.n(i),c=o(724),d=o(325),p=n()(t());p.i(c.A),p.i(d.A),p.push([e.id,`/* Everything that JupyterLab needs. */
`,""]),o.d(a,{},{A:p})},977(e,a,o){var r=o(601),t=o.n(r),i=o(314),n=(o.n(i))()(t());n.push([e.id,`/* Little room, and people who want nothing to move. */

section.cave {
  @container (width < 560px) {
    .cave-header,
    .cave-step {
      padding-inline: 12px;
    }
    .cave-body {
      margin-inline-start: 0;
    }
    .cave-answer,
    .cave-figures,
    .cave-failed {
      padding-inline: 12px;
    }
    .cave-state {
      flex-basis: 50%;
    }
    /* the model and what it costs begin a line of their own */
    .cave-top::after {
      content: "";
      flex-basis: 100%;
    }
    .cave-model,
    .cave-spent {
      order: 1;
    }
    .cave-outcome {
      grid-column: 2;
      white-space: normal;
    }
  }
  @container (width < 320px) {
    .cave-finding-text {
      order: 1;
      flex-basis: 100%;
    }
    .cave-actions .cave-button {
      min-width: 0;
      padding: 0 12px;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .cave-dot {
      animation: none !important;
    }
  }
}
`,""]),o.d(a,{},{A:n})},724(e,a,o){var r=o(601),t=o.n(r),i=o(314),n=o.n(i),c=o(477),d=o(194),p=o(671),l=o(735),s=o(810),v=o(202),u=o(977),g=n()(t());g.i(c.A),g.i(d.A),g.i(p.A),g.i(l.A),g.i(s.A),g.i(v.A),g.i(u.A),g.push([e.id,`/* What the in-cell panel, the side panel and a kept turn look like; each file has one part. */
`,""]),o.d(a,{},{A:g})},735(e,a,o){var r=o(601),t=o.n(r),i=o(314),n=(o.n(i))()(t());n.push([e.id,`/* What the person gets beside what the model is told; changes and effects. */

section.cave {
  .cave-result {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 8px;
  }
  .cave-pair {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 12px 16px;
    align-items: start;
  }
  .cave-got,
  .cave-parts,
  .cave-told,
  .cave-rest {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 8px;
    min-width: 0;
  }
  @container (width >= 720px) {
    .cave-pair:not(:has(> [hidden])) {
      grid-template: auto auto 1fr / minmax(0, 1fr) minmax(0, 1fr);

      > * {
        grid-row: span 3;
        grid-template-rows: subgrid; /* a heading of two lines moves both sides */
      }
      .cave-parts,
      .cave-hide {
        align-self: start;
      }
      .cave-parts {
        grid-row: span 2;
      }
    }
  }
  .cave-told-text {
    max-height: 340px;
    padding: 8px 12px;
    overflow: auto;
    border-radius: 6px;
    background: var(--cave-raised);
    box-shadow: inset 0 0 0 1px var(--cave-line);
  }
  .cave-told-words {
    color: var(--cave-quiet);
    font: 12px / 1.55 var(--cave-text);
  }
  .cave-hide,
  .cave-remember {
    width: fit-content;
    cursor: pointer;
  }
  :is(.cave-hide, .cave-remember) input {
    position: relative;
    top: 2px;
    flex: none;
    margin: 0;
  }
  .cave-hide {
    display: flex;
    align-items: baseline;
    gap: 8px;
    font-size: 12px;
  }
  .cave-block:has(.cave-edit:not([hidden])) + .cave-result {
    padding-inline-start: 12px;
    border-inline-start: 3px solid var(--cave-line);

    .cave-before {
      display: block;
    }
  }
  .cave-before {
    display: none;
    color: var(--cave-quiet);
    font-size: 12px;
    font-style: italic;
  }
  .cave-heading {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 0 10px;
    font-size: 13px;
    font-weight: 600;
  }
  .cave-heading .cave-quiet {
    font-weight: 400;
  }
  .cave-outputs {
    border: 1px solid var(--cave-line);
    border-radius: 6px;
  }
  /* what is dashed did not happen yet */
  .cave-result[data-kind="rehearsed"] .cave-outputs {
    border-style: dashed;
    border-color: color-mix(in srgb, var(--cave-ink) 26%, var(--cave-ground));
  }
  .cave-output {
    max-height: 340px;
    padding: 8px 12px;
    overflow: auto;
  }
  .cave-output + .cave-output {
    border-top: 1px solid var(--cave-line);
  }
  .cave-output .cave-fold {
    margin-top: 4px;
  }
  .cave-output:has(img) {
    max-height: none;
  }
  .cave-output img {
    display: block;
    max-width: 100%;
    height: auto;
    border-radius: 4px;
    background: #ffffff;
  }
  .cave-stderr,
  .cave-error {
    color: var(--cave-bad);
  }
  .cave-html {
    font-size: 12px;
  }
  .cave-html table {
    border-collapse: collapse;
    margin: 2px 0;
    font-variant-numeric: tabular-nums;
  }
  .cave-html :is(th, td) {
    padding: 4px 12px;
    border: 0;
    text-align: end;
    vertical-align: top;
    white-space: nowrap;
  }
  .cave-html thead th {
    border-bottom: 1px solid var(--cave-line);
  }
  .cave-html tbody tr:nth-child(even) {
    background: var(--cave-raised);
  }
  .cave-html p {
    color: var(--cave-quiet);
  }
  .cave-warning {
    color: var(--cave-found);
  }
  .cave-differs ul {
    padding-inline-start: 1.4em;
    list-style: disc;
  }
  .cave-changes,
  .cave-effects {
    display: grid;
    grid-template-columns: auto fit-content(40%) auto minmax(0, 1fr);
    gap: 3px 10px;
  }
  .cave-effects {
    grid-template-columns: auto fit-content(60%) minmax(0, 1fr);
  }
  .cave-change,
  .cave-effect {
    display: grid;
    grid-column: 1 / -1;
    grid-template-columns: subgrid;
    align-items: baseline;
    overflow-wrap: anywhere;
  }
  .cave-effect .cave-fold {
    grid-column: 2 / -1;
  }
  .cave-sign {
    width: 10px;
    margin-inline-end: -4px;
    font: 600 13px / 1.5 var(--cave-mono);
    text-align: center;
  }
  .cave-change code,
  .cave-effect code {
    font-weight: 600;
  }
  .cave-change-kind {
    color: var(--cave-quiet);
    font-size: 12px;
  }
  .cave-added .cave-sign {
    color: var(--cave-good);
  }
  .cave-changed .cave-sign,
  .cave-effect-kind {
    color: var(--cave-found);
  }
  .cave-removed .cave-sign {
    color: var(--cave-bad);
  }
  .cave-effect-kind {
    font-size: 12px;
    font-weight: 600;
  }
}
`,""]),o.d(a,{},{A:n})},325(e,a,o){var r=o(601),t=o.n(r),i=o(314),n=(o.n(i))()(t());n.push([e.id,`/* The side panel of JupyterLab and the item in its status bar. */

.cave-newer {
  margin: 4px 0;
  color: var(--jp-ui-font-color2);
  font-size: 12px;
}
.cave-side {
  padding: 8px 10px;
  overflow-y: auto;
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
}
.cave-side:focus {
  outline: none;
}
.cave-side:focus-visible {
  outline: 1px solid var(--jp-brand-color1);
  outline-offset: -1px;
}
#jp-right-stack > .cave-side {
  min-width: 300px;
}
.cave-side section.cave.cave-undo {
  padding: 8px 6px;
  border-top: 1px solid var(--jp-border-color2);
  border-radius: 0;
  background: none;
}
.cave-side-nothing {
  margin: 12px 6px;
  font-size: 13px;
  line-height: 1.55;
}
.cave-side-title {
  max-width: 100%;
  padding: 6px;
  border: 0;
  border-radius: 4px;
  background: none;
  color: inherit;
  font: 600 12px / 1.4 var(--jp-ui-font-family);
  overflow-wrap: anywhere;
  text-align: start;
  cursor: pointer;
}
.cave-side-title:hover {
  text-decoration: underline;
}
.cave-side-ended,
.cave-side-kept {
  margin: 6px;
  padding: 8px 10px;
  border-inline-start: 3px solid var(--jp-warn-color1);
  background: var(--jp-layout-color2);
  font-size: 12px;
  line-height: 1.5;
}
.cave-side-fold {
  margin: 4px 0;
  padding: 8px 6px;
  border-top: 1px solid var(--jp-border-color2);
  font-size: 12px;
  line-height: 1.5;

  summary {
    padding: 3px 0;
    cursor: pointer;
  }
  > summary {
    font-weight: 600;
  }
  p {
    margin: 4px 0;
    overflow-wrap: anywhere;
  }
  p:empty {
    display: none;
  }
  ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  select {
    min-width: 0;
    flex: 1;
    padding: 3px;
    border: 1px solid var(--jp-border-color1);
    border-radius: 4px;
    background: var(--jp-layout-color1);
    color: inherit;
    font: inherit;
    text-overflow: ellipsis;
  }
  pre {
    max-height: 16em;
    margin: 4px 0;
    padding: 8px;
    overflow: auto;
    border-radius: 4px;
    background: var(--jp-layout-color2);
    color: inherit;
    font: 11.5px / 1.55 var(--jp-code-font-family);
  }
  .cave-look-text {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .cave-quiet {
    color: var(--jp-ui-font-color1);
    opacity: 0.85;
  }
  .cave-look-select,
  .cave-look-row,
  .cave-look-variable > summary {
    display: flex;
    align-items: baseline;
    gap: 8px;
    min-width: 0;
  }
  .cave-look-select {
    justify-content: space-between;
    padding: 2px 0;
  }
  .cave-look-list {
    margin: 6px 0;
  }
  .cave-look-item {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 0 8px;
    align-items: start;
  }
  .cave-look-item > .cave-look-row {
    align-items: center;
    min-height: 24px;
    padding-inline-start: 14px;
  }
  .cave-look-variable > summary {
    align-items: center;
    min-height: 24px;
    padding: 0;
    list-style: none;

    &::before {
      content: "";
      flex: none;
      align-self: center;
      width: 5px;
      height: 5px;
      margin: 0 0 1px 1px;
      border: solid currentColor;
      border-width: 0 1.5px 1.5px 0;
      transform: rotate(-45deg);
    }
    &::-webkit-details-marker {
      display: none;
    }
  }
  .cave-look-variable[open] > summary::before {
    transform: rotate(45deg) translate(-2px, -1px);
  }
  .cave-look-variable > summary:hover .cave-look-name {
    text-decoration: underline;
  }
  .cave-look-variable > :not(summary) {
    margin-inline-start: -40px; /* below the button of its variable: names of columns may be long */
  }
  .cave-look-variable[open] {
    padding-bottom: 6px;
  }
  .cave-look-name {
    flex: 0 1 auto;
    min-width: 4em;
    overflow: hidden;
    font-family: var(--jp-code-font-family);
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .cave-look-line {
    flex: 1 1 40%;
    overflow: hidden;
    text-align: end;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .cave-look-toggle {
    flex: none;
    min-width: 58px;
    height: 22px;
    margin: 1px 0;
    padding: 0 6px;
    border: 1px solid var(--jp-border-color1);
    border-radius: 4px;
    background: var(--jp-layout-color1);
    color: inherit;
    font: inherit;
    line-height: 1;
    cursor: pointer;
  }
  .cave-look-toggle:hover:enabled {
    background: var(--jp-layout-color2);
  }
  .cave-look-toggle:disabled {
    opacity: 0.45;
    cursor: default;
  }
  .cave-look-variable .cave-look-toggle:last-child {
    margin-inline-start: auto;
  }
  .cave-look-toggle[aria-pressed="true"] {
    border-style: dashed;
    background: var(--jp-layout-color3);
  }
  .cave-look-hidden .cave-look-name {
    text-decoration: line-through;
  }
}
.cave-policy {
  max-height: 18em;
  margin: 6px 0;
  padding: 6px 8px;
  overflow: auto;
  border-radius: 4px;
  background: var(--jp-layout-color2);

  table {
    width: 100%;
    border-collapse: collapse;
  }
  th,
  td {
    padding: 1px 8px 1px 0;
    text-align: start;
    vertical-align: baseline;
  }
  td:last-child {
    width: 60%;
    padding: 0;
    overflow-wrap: anywhere;
  }
  th,
  .cave-policy-deny {
    font-weight: 600;
  }
  .cave-quiet {
    display: block;
  }
}
.cave-ledger {
  width: 100%;
  border-collapse: collapse;
  font-variant-numeric: tabular-nums;

  th,
  td {
    padding: 2px 0 2px 8px;
    text-align: start;
    white-space: nowrap;
  }
  :is(th, td):first-child {
    padding-inline-start: 0;
  }
  :is(th, td):nth-child(2) {
    width: 99%;
    max-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  :is(th, td):last-child {
    text-align: end;
  }
}
.cave-status {
  display: flex;
}
.cave-status button {
  height: 24px;
  padding: 0 8px;
  border: 0;
  background: none;
  color: inherit;
  font: inherit;
  line-height: 24px;
  cursor: pointer;
}
.cave-status .cave-status-waits {
  background: var(--jp-warn-color1);
  color: #000;
}
`,""]),o.d(a,{},{A:n})},194(e,a,o){var r=o(601),t=o.n(r),i=o(314),n=(o.n(i))()(t());n.push([e.id,`/* A step: what the model says, and how it ended. */

section.cave {
  .cave-step,
  .cave-answer,
  .cave-failed,
  .cave-undone {
    padding: 12px 16px;
    border-top: 1px solid var(--cave-line);
  }
  .cave-summary {
    display: grid;
    grid-template-columns: 22px minmax(0, 1fr) auto;
    gap: 0 10px;
    align-items: start;
    border-radius: 4px;
  }
  .cave-number {
    display: grid;
    place-items: center;
    width: 20px;
    height: 20px;
    border-radius: 50%;
    background: var(--cave-raised);
    box-shadow: inset 0 0 0 1px var(--cave-line);
    color: var(--cave-quiet);
    font-size: 11px;
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  .cave-step[data-outcome="waiting"] .cave-number {
    background: var(--cave-accent);
    box-shadow: none;
    color: var(--cave-on-accent);
  }
  .cave-step:not([open]) .cave-prose {
    max-height: 1.55em;
    overflow: hidden;
    color: var(--cave-quiet);
  }
  .cave-step:not([open]) .cave-prose > :first-child {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .cave-step:not([open]) > .cave-summary:hover .cave-prose {
    color: var(--cave-ink);
  }
  .cave-outcome {
    padding-top: 1px;
  }
  .cave-prose,
  .cave-answer {
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .cave-prose > * + *,
  .cave-answer > * + * {
    margin-top: 0.6em;
  }
  .cave-question {
    margin: 10px 0 0 32px;
  }
  .cave-question .cave-note {
    flex: 0 1 12em;
  }
  .cave-question-text {
    margin: 0 0 8px;
    font-weight: 600;
  }
  .cave-figures {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 16px;
    margin: 0;
    padding: 0 16px 12px 48px;
    list-style: none;
    font-variant-numeric: tabular-nums;
  }
  .cave-unfound {
    text-decoration: underline dotted;
    text-underline-offset: 3px;
  }
  .cave-prose code,
  .cave-answer code {
    padding: 1px 4px;
    border-radius: 4px;
    background: var(--cave-raised);
    box-shadow: inset 0 0 0 1px var(--cave-line);
    font-size: 0.92em;
  }
  .cave-prose pre,
  .cave-answer pre {
    padding: 8px 12px;
    border-radius: 6px;
    background: var(--cave-raised);
  }
  .cave-prose :is(ul, ol),
  .cave-answer :is(ul, ol) {
    padding-inline-start: 1.4em;
    list-style: revert;
  }
  .cave-body {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 12px;
    margin: 10px 0 2px 32px;
  }
  .cave-answer {
    padding-inline-start: 48px;
    font-size: 14px;
    line-height: 1.6;
  }
  .cave-failed {
    padding-inline-start: 48px;
    color: var(--cave-bad);
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }
}
`,""]),o.d(a,{},{A:n})},202(e,a,o){var r=o(601),t=o.n(r),i=o(314),n=(o.n(i))()(t());n.push([e.id,`/* What can be taken back, below a finished turn and in the side panel. */

section.cave.cave-undo {
  margin: 0;
  padding: 4px 16px 8px;
  border: 0;

  &:first-child {
    padding-inline: 8px; /* a widget of its own, in line with the outputs above it */
  }
  .cave-undo-row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px 12px;
  }
  .cave-can {
    flex: 1 1 12em;
    overflow-wrap: anywhere;
  }
  .cave-button {
    height: 26px;
    min-width: 0;
    padding: 0 12px;
    font-size: 12px;
  }
  .cave-cannot {
    margin-top: 6px;
    font-size: 12px;
  }
  .cave-quiet:not(.cave-can) {
    margin-top: 6px;
    padding: 0;
    border: 0;
    white-space: pre-wrap;
  }
  .cave-quiet:empty {
    display: none;
  }
}
`,""]),o.d(a,{},{A:n})},314(e){e.exports=function(e){var a=[];return a.toString=function(){return this.map(function(a){var o="",r=void 0!==a[5];return a[4]&&(o+="@supports (".concat(a[4],") {")),a[2]&&(o+="@media ".concat(a[2]," {")),r&&(o+="@layer".concat(a[5].length>0?" ".concat(a[5]):""," {")),o+=e(a),r&&(o+="}"),a[2]&&(o+="}"),a[4]&&(o+="}"),o}).join("")},a.i=function(e,o,r,t,i){"string"==typeof e&&(e=[[null,e,void 0]]);var n={};if(r)for(var c=0;c<this.length;c++){var d=this[c][0];null!=d&&(n[d]=!0)}for(var p=0;p<e.length;p++){var l=[].concat(e[p]);r&&n[l[0]]||(void 0!==i&&(void 0===l[5]||(l[1]="@layer".concat(l[5].length>0?" ".concat(l[5]):""," {").concat(l[1],"}")),l[5]=i),o&&(l[2]&&(l[1]="@media ".concat(l[2]," {").concat(l[1],"}")),l[2]=o),t&&(l[4]?(l[1]="@supports (".concat(l[4],") {").concat(l[1],"}"),l[4]=t):l[4]="".concat(t)),a.push(l))}},a}},601(e){e.exports=function(e){return e[1]}},636(e,a,o){o.r(a);var r=o(72),t=o.n(r),i=o(825),n=o.n(i),c=o(659),d=o.n(c),p=o(56),l=o.n(p),s=o(540),v=o.n(s),u=o(113),g=o.n(u),x=o(247),f={};f.styleTagTransform=g(),f.setAttributes=l(),f.insert=d().bind(null,"head"),f.domAPI=n(),f.insertStyleElement=v(),t()(x.A,f);let h=x.A&&x.A.locals?x.A.locals:void 0;o.d(a,{},{default:h})},72(e){var a=[];function o(e){for(var o=-1,r=0;r<a.length;r++)if(a[r].identifier===e){o=r;break}return o}function r(e,r){for(var t={},i=[],n=0;n<e.length;n++){var c=e[n],d=r.base?c[0]+r.base:c[0],p=t[d]||0,l="".concat(d," ").concat(p);t[d]=p+1;var s=o(l),v={css:c[1],media:c[2],sourceMap:c[3],supports:c[4],layer:c[5]};if(-1!==s)a[s].references++,a[s].updater(v);else{var u=function(e,a){var o=a.domAPI(a);return o.update(e),function(a){a?(a.css!==e.css||a.media!==e.media||a.sourceMap!==e.sourceMap||a.supports!==e.supports||a.layer!==e.layer)&&o.update(e=a):o.remove()}}(v,r);r.byIndex=n,a.splice(n,0,{identifier:l,updater:u,references:1})}i.push(l)}return i}e.exports=function(e,t){var i=r(e=e||[],t=t||{});return function(e){e=e||[];for(var n=0;n<i.length;n++){var c=o(i[n]);a[c].references--}for(var d=r(e,t),p=0;p<i.length;p++){var l=o(i[p]);0===a[l].references&&(a[l].updater(),a.splice(l,1))}i=d}}},659(e){var a={};e.exports=function(e,o){var r=function(e){if(void 0===a[e]){var o=document.querySelector(e);if(window.HTMLIFrameElement&&o instanceof window.HTMLIFrameElement)try{o=o.contentDocument.head}catch(e){o=null}a[e]=o}return a[e]}(e);if(!r)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");r.appendChild(o)}},540(e){e.exports=function(e){var a=document.createElement("style");return e.setAttributes(a,e.attributes),e.insert(a,e.options),a}},56(e,a,o){e.exports=function(e){var a=o.nc;a&&e.setAttribute("nonce",a)}},825(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var a=e.insertStyleElement(e);return{update:function(o){var r,t,i;r="",o.supports&&(r+="@supports (".concat(o.supports,") {")),o.media&&(r+="@media ".concat(o.media," {")),(t=void 0!==o.layer)&&(r+="@layer".concat(o.layer.length>0?" ".concat(o.layer):""," {")),r+=o.css,t&&(r+="}"),o.media&&(r+="}"),o.supports&&(r+="}"),(i=o.sourceMap)&&"u">typeof btoa&&(r+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(i))))," */")),e.styleTagTransform(r,a,e.options)},remove:function(){var e;null===(e=a).parentNode||e.parentNode.removeChild(e)}}}},113(e){e.exports=function(e,a){if(a.styleSheet)a.styleSheet.cssText=e;else{for(;a.firstChild;)a.removeChild(a.firstChild);a.appendChild(document.createTextNode(e))}}}}]);