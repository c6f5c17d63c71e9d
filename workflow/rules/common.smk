# What all rules share. The plan says what a step reads and depends on; a rule says what it writes.
import shlex
import sys
from pathlib import Path

from snakemake.jobs import Job

from foretaste.contracts.errors import ForetasteError, of_system
from foretaste.pipeline.catalogue import Catalogue
from foretaste.pipeline.plan import Plan
from foretaste.pipeline.rules import Rules, Targets

try:
    catalogue = Catalogue(config, Path(workflow.basedir))
    run = catalogue.run
    step = Rules(Plan(catalogue))
    targets = Targets(catalogue)
except ForetasteError as error:
    sys.exit(f"error: {error}")
except OSError as error:
    sys.exit(f"error: {of_system(error)}")


# Snakemake refuses outputs that it may not overwrite even where it only says what it would do.
refuse_protected = Job.check_protected_output


async def refuse_protected_unless_dry(job):
    if not workflow.dryrun:
        await refuse_protected(job)


Job.check_protected_output = refuse_protected_unless_dry


# Before the first job; a dry run, or one with nothing to do, writes nothing.
onstart:
    step.check_writable()


R = run.results_root
LOGS = "/".join(["logs", *(part for part in Path(R).parts if part not in ("/", ".."))])
TIMES = f"{R}/.benchmarks"
MODEL = "{dataset}/{system}/seed{seed}/{model}"


wildcard_constraints:
    dataset="[a-z0-9_]+",
    system="[a-z0-9_]+",
    corpus="[A-Za-z0-9_-]+",
    # A corpus, or one of the texts of presets that are made from it.
    text="[A-Za-z0-9_-]+(/[a-z0-9_]+)?",
    weights="[A-Za-z0-9_-]+",
    seed=r"\d+",
    shard=r"\d+",
    task="[a-z0-9_]+",
    part="recipes|annotations|videos",
    scope="|/teachers|/seeds",


# The line that Snakemake prints can be run by hand.
def run_line(stage):
    return f"{shlex.quote(sys.executable)} -m foretaste {stage} --step {{resources.step:q}} --log {{log:q}}"
