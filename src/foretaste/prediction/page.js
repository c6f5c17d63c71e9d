"use strict";
const told = JSON.parse(document.getElementById("told").textContent);
const [video, scrubber, line, said, play] =
  ["video", "scrubber", "line", "said", "play"].map((id) => document.getElementById(id));
const moments = told.moments, every = told.every_s, duration = told.video.duration_s;
const head = Object.keys(moments[0].top)[0];
const HEIGHT = 84, TOP = 10, BOTTOM = 60;

// The video lies in the page as base64; a Blob can be sought in, a data: address cannot everywhere.
{
  const element = document.getElementById("bytes");
  const text = atob(element.textContent.replace(/\s+/g, ""));
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  video.src = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
  element.remove();
}

const words = (name) => (name ?? "not labelled").replaceAll("_", " ");
const percent = (share) => `${(100 * share).toFixed(0)} %`;
const x = (time) => 1000 * Math.min(Math.max(time / duration, 0), 1);
const stop = (one) => one.stop_s ?? duration;

function made(name, attributes, parent, space) {
  const element = space ? document.createElementNS(space, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent.append(element);
  return element;
}
const SVG = "http://www.w3.org/2000/svg";
const drawn = (name, attributes) => made(name, attributes, line, SVG);
const span = (from, to, y, height, cls) =>
  ({ x: x(from), width: Math.max(x(to) - x(from), 0), y, height, class: cls });

// What does not move: the frame, how sure the model is through time, the truth.
drawn("rect", span(0, duration, TOP, BOTTOM - TOP, "frame"));
const seen = drawn("rect", span(0, 0, TOP, BOTTOM - TOP, "seen"));
const ahead = drawn("rect", span(0, 0, TOP, BOTTOM - TOP, "ahead"));
drawn("path", {
  class: "sure",
  d: moments.map((one, at) => {
    const y = BOTTOM - (BOTTOM - TOP) * one.top[head][0].probability;
    return `${at ? "L" : "M"}${x(one.time_s).toFixed(2)} ${y.toFixed(2)}`;
  }).join(""),
});
const truths = told.truth.map((one) => drawn("rect", span(one.start_s, stop(one), BOTTOM + 5, 12, "true")));
const now = drawn("line", { y1: 2, y2: HEIGHT - 4, class: "now" });
const toBe = drawn("line", { y1: 2, y2: HEIGHT - 4, class: "to-be" });

const keys = [[`what it sees: the last ${told.window_s} s`, "--window"], ["how sure it is of the likeliest", "--bar"]];
if (told.ahead) keys.splice(1, 0, [`the ${told.tau_a} s until what it speaks of`, "--gap"]);
if (told.truth.length) keys.push(["labelled actions", "--soft"]);
for (const [text, colour] of keys)
  made("span", { style: `--c: var(${colour})` }, document.getElementById("key")).textContent = text;

/** The labelled action that goes on at a time (the newest of several), or else the next one. */
function trueAt(time) {
  const going = told.truth.filter((one) => one.start_s <= time && stop(one) > time).at(-1);
  if (going) return [going, "goes on then"];
  const next = told.truth.find((one) => one.start_s > time);
  return next ? [next, `${(next.start_s - time).toFixed(1)} s later`] : [null, ""];
}

function list(title, classes, right) {
  made("h2", {}, said).textContent = title;
  const all = made("ol", {}, said);
  for (const one of classes) {
    const item = made("li", { class: one.class === right ? "guess right" : "guess" }, all);
    made("i", { style: `width: ${100 * one.probability}%` }, item);
    made("span", { class: "name" }, item).textContent = words(one.name);
    made("span", { class: "n" }, item).textContent = percent(one.probability);
  }
}

// The thumb, 16 pixels wide and not seen, is under the line that is drawn for it.
scrubber.style.left = "-8px";
scrubber.style.width = `calc(${100 * Math.min(scrubber.max / duration, 1)}% + 16px)`;

let shown = -1;
function show(time) {
  const at = Math.min(Math.floor(time / every + 1e-6), moments.length - 1), moment = moments[at];
  const set = (rect, from, to) => {
    rect.setAttribute("x", x(from));
    rect.setAttribute("width", Math.max(x(to) - x(from), 0));
  };
  set(seen, time - told.window_s, time);
  set(ahead, time, told.ahead ? time + told.tau_a : time);
  for (const [mark, when] of [[now, time], [toBe, told.ahead ? time + told.tau_a : time]])
    for (const end of ["x1", "x2"]) mark.setAttribute(end, x(when));
  if (at === shown) return;
  shown = at;
  const [truth, when] = trueAt(moment.about_s);
  truths.forEach((rect, number) => rect.classList.toggle("then", told.truth[number] === truth));
  said.replaceChildren();
  const line = made("p", { class: "when" }, said);
  made("b", {}, line).textContent = `${moment.time_s.toFixed(1)} s`;
  const seconds = Math.min(told.window_s, moment.time_s).toFixed(1);
  made("span", { class: "soft" }, line).textContent = `has seen ${seconds} of ${told.window_s} s`;
  if (moment.too_early) made("span", { class: "early" }, line).textContent = "too early: one frame seen";
  for (const [name, classes] of Object.entries(moment.top)) {
    const title = told.ahead ? `${name}, in ${told.tau_a} s` : `${name}, now`;
    list(title, classes, name === head ? truth?.class : undefined);
  }
  if (truth) {
    made("h2", {}, said).textContent = "truth";
    made("div", { id: "truth" }, said).textContent = `${words(truth.name)} (${when})`;
    truth.teachers.forEach((classes) => list("what its teacher said of that action", classes, truth.class));
  }
  scrubber.setAttribute(
    "aria-valuetext", `${moment.time_s.toFixed(1)} seconds: ${words(moment.top[head][0].name)}`);
}

const toggle = () => (video.paused ? video.play() : video.pause());
play.addEventListener("click", toggle);
video.addEventListener("click", toggle);
for (const event of ["play", "pause", "ended"])
  video.addEventListener(event, () => { play.textContent = video.paused ? "Play" : "Pause"; });
scrubber.addEventListener("input", () => {
  const time = Number(scrubber.value);
  video.currentTime = time;
  show(time);
});
scrubber.addEventListener("keydown", (event) => {
  if (event.key === " ") { event.preventDefault(); toggle(); }
});
function follow() {
  if (!video.seeking && !video.paused) {
    scrubber.value = video.currentTime;
    show(video.currentTime);
  }
  requestAnimationFrame(follow);
}
video.addEventListener("seeked", () => { if (video.paused) show(Number(scrubber.value)); });
video.addEventListener("error", () => {
  const fault = document.getElementById("fault");
  fault.textContent = "This browser does not play the video (H.264); the predictions are shown all the same.";
  fault.hidden = false;
});
show(0);
requestAnimationFrame(follow);
