"""What Snakemake tells of a run, as one picture on a terminal (``foretaste.pipeline.picture``). Snakemake
finds a logger by the name of its package; profiles/default asks for this one.

Anywhere else than on a terminal, in dry runs, and with ``--verbose``, ``--quiet all`` or
``--logger-foretaste-everything``, Snakemake tells it in its own words.
"""

import os
import sys
from dataclasses import dataclass, field
from logging import LogRecord

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

from foretaste.pipeline.console import PLAIN
from foretaste.pipeline.picture import Picture


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """Options of Snakemake's command line."""

    # Snakemake calls what stands here as the type: annotations are no texts in this file.
    everything: bool = field(default=False, metadata={"help": "print all that Snakemake says"})


class LogHandler(LogHandlerBase):
    """Draws the picture, or leaves the stream to Snakemake."""

    def __post_init__(self) -> None:
        """Jobs share the terminal, so none of them draws a bar of its own."""
        os.environ[PLAIN] = "1"
        if os.environ.get("NO_COLOR"):
            self.common_settings.nocolor = True
        self.picture = Picture() if self._wanted() else None

    def _wanted(self) -> bool:
        common = self.common_settings
        silent = any(one.name == "ALL" for one in common.quiet or ())
        own_words = common.dryrun or common.verbose or common.debug_dag or common.printshellcmds or silent
        terminal = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        return terminal and not own_words and not getattr(self.settings, "everything", False)

    def emit(self, record: LogRecord) -> None:
        """Take in what a record says."""
        if self.picture is not None:
            self.picture.take(record)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self.picture is not None:
            self.picture.end()
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        """Whether Snakemake writes nothing there itself."""
        return self.picture is not None

    @property
    def writes_to_file(self) -> bool:
        """Never."""
        return False

    @property
    def has_filter(self) -> bool:
        """It takes what it wants."""
        return True

    @property
    def has_formatter(self) -> bool:
        """It has words of its own."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """Never."""
        return False
