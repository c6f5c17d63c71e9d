"""What must hold between a system, its tasks and a dataset's settings of them, found before anything runs.

A task says in its file whether its samples are ``LABELLED``, and whether its target lies ``AHEAD`` of the
window: only then is the action itself something else than what is seen, and only then do all history rules
keep it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foretaste.contracts.errors import ConfigError, unknown
from foretaste.settings.components import check_component
from foretaste.settings.config import DatasetConfig

#: Settings of the dataset that are a task's where the task has such a setting.
_TIMES = ("tau_a", "tau_o", "earliest_stop_s")


def task_of(dataset: DatasetConfig, name: str, where: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """A task as a component; its settings are the dataset's. Raises ConfigError for a task that is none, and
    for settings that are not its own or are lacking.
    """
    if name not in known["tasks"]:
        raise unknown("task", name, known["tasks"], f"{where}: tasks")
    properties = known["tasks"][name]["schema"].get("properties", {})
    given = {key: getattr(dataset, key) for key in _TIMES if key in properties}
    times = {key: value for key, value in given.items() if value is not None}
    task = {"kind": name, **times, **dataset.tasks.get(name, {})}
    check_component(task, "tasks", f"{where}: tasks.{name}", known)
    return task


def check_labelled(task: str, wanted: bool, known: Mapping[str, Any], where: str) -> None:
    """Raise ConfigError unless ``task`` is one whose samples have labels, or (``wanted`` false) have none."""
    fitting = [name for name, one in known["tasks"].items() if one["labelled"] == wanted]
    if task not in known["tasks"]:
        raise unknown("task", task, fitting, where)
    if task not in fitting:
        raise ConfigError(
            f"{task}, whose samples have {'no ' * wanted}labels",
            where,
            f"one of {', '.join(fitting)}",
            "correct the name",
        )


def check_view(view: Mapping[str, Any], task: str, rule: str, known: Mapping[str, Any], where: str) -> None:
    """Raise ConfigError for a view that makes no sense where the window is the action itself, and for one
    that tells the action where it lies ahead.

    rule
        The system's history rule.
    """
    shows = known["views"][view["kind"]]["shows"]
    if known["tasks"][task]["ahead"]:
        if shows == "narration":
            raise ConfigError(
                f"the narration of the action itself under the task {task}: who reads it knows the label",
                where,
                "text of the past (view: action_history), or a task whose window is the action",
                "use another view, or set task: recognition",
            )
        return
    if view.get("window") == "target":
        raise ConfigError(
            f"window: target under the task {task}, whose window is the action itself",
            where,
            "window: observed",
            "leave it out",
        )
    rule = view.get("rule", rule)
    if shows == "history" and rule != "all":
        raise ConfigError(
            f"a history under the rule {rule} and the task {task}, which would hold the action itself",
            where,
            "rule: all, the segments that began before it",
            f"set history: {{rule: all}}, or do without the view {view['kind']}",
        )
