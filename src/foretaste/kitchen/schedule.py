"""When things happen in a video: the movements, and the annotator's segments around them.

Movements follow each other with pauses. Annotated times are those times with an annotator's slack, to 1/100 s
as in EPIC-KITCHENS; now and then a segment starts before the one before it ends.
"""

from __future__ import annotations

from dataclasses import dataclass

from foretaste.kitchen.chance import stream
from foretaste.kitchen.config import WorldConfig
from foretaste.kitchen.plan import Step
from foretaste.kitchen.vocabulary import NOUN_IDS, NOUNS, VERBS
from foretaste.kitchen.world import Video

#: Share of segments whose annotated end lies after the next one's start.
OVERLAPPING = 0.12
#: Seconds before the first movement; room for the window of the first anticipation.
LEAD = (1.4, 2.6)


@dataclass(frozen=True)
class Action:
    """One action of a video.

    index
        The step's index in the dish.
    start, stop
        Seconds at which the hands begin and end it.
    marked_start, marked_stop
        Hundredths of a second at which the annotator says it begins and ends.
    words
        Verb and noun as the narrator calls them.
    """

    index: int
    step: Step
    start: float
    stop: float
    marked_start: int
    marked_stop: int
    words: tuple[str, str]
    narration: str


@dataclass(frozen=True)
class Timeline:
    """A video's actions in order, and its length in seconds (a whole number of frames)."""

    video: Video
    actions: tuple[Action, ...]
    seconds: float
    frames: int


def plan_timeline(config: WorldConfig, video: Video) -> Timeline:
    """Lay the steps of a run on the clock until it ends or the video is full."""
    random = stream(config.seed, "schedule", video.video_id)
    pace = stream(config.seed, "pace", video.participant).uniform(0.85, 1.15)
    limit = random.uniform(config.min_seconds, config.max_seconds)
    clock = min(random.uniform(*LEAD), config.min_seconds / 4)
    spans: list[tuple[int, float, float]] = []
    for index in video.run:
        low, high = VERBS[video.dish.steps[index].verb].seconds
        stop = clock + random.uniform(low, high) * pace
        if stop > limit - 0.3:
            break
        spans.append((index, clock, stop))
        clock = stop + random.uniform(0.1, 0.8)
    last = spans[-1][2] if spans else 0.0
    frames = round(min(limit, max(last + 1.0, config.min_seconds)) * config.fps)
    seconds = frames / config.fps
    marked: list[tuple[int, int]] = []
    for n, (_, start, stop) in enumerate(spans):
        following = spans[n + 1][1] if n + 1 < len(spans) else seconds
        late = (
            following + random.uniform(0.1, 0.6)
            if random.random() < OVERLAPPING
            else stop + random.uniform(-0.1, 0.15)
        )
        begin = max(start + random.uniform(-0.15, 0.1), 0.0)
        marked.append((round(100 * begin), round(100 * min(late, seconds))))
    actions = []
    for (index, start, stop), (begin, end) in zip(spans, marked, strict=True):
        step = video.dish.steps[index]
        verb = random.choice((step.verb,) * 4 + VERBS[step.verb].spoken)
        noun = random.choice((step.noun,) * 5 + NOUNS[step.noun].spoken)
        article = random.choice(("", "", "the "))
        actions.append(
            Action(
                index,
                step,
                start,
                stop,
                begin,
                end,
                (verb, noun),
                narrate(verb, f"{article}{noun.replace('-', ' ')}", step),
            )
        )
    return Timeline(video, tuple(actions), seconds, frames)


def narrate(verb: str, thing: str, step: Step) -> str:
    """What the narrator says: "put the onion in pan"."""
    place = (
        f" in {step.at}"
        if step.verb in ("put", "pour", "crack") and step.at in NOUN_IDS and step.at not in ("hob", "plate")
        else ""
    )
    place = f" on {step.at}" if step.verb == "put" and step.at in ("hob", "plate") else place
    return f"{verb.replace('-', ' ')} {thing}{place}"
