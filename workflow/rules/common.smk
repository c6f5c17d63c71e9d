# One rule a stage. What a job makes lies in the store, under its identity; Snakemake sees a receipt of it.
# Targets are paths of results, or the names in the Snakefile.
import atexit
import shlex
import signal
import sys
from pathlib import Path

from foretaste.contracts.errors import OTHERS, ForetasteError, of_other
from foretaste.pipeline import cost_table, interrupts, warm
from foretaste.settings.catalogue import Catalogue
from foretaste.pipeline.named_targets import POOLED, check_targets
from foretaste.settings.result_paths import PATHS
from foretaste.pipeline.rules import FETCH, NAMES, Rules
from foretaste.pipeline import slurm_states
from foretaste.pipeline.targets import Targets
from foretaste.sharing.names import named_at
from foretaste.sharing.remote import keys_at_places

try:
    catalogue = Catalogue(config, Path(workflow.basedir), sys.argv[1:])
    run = catalogue.run
    # What raw files hold is remembered by a dry run, too: the samples of a terabyte are not read for each.
    step = Rules.of(catalogue, may_write=True, keys_at=keys_at_places, named_at=named_at)
    targets = Targets(catalogue)
except ForetasteError as error:
    sys.exit(f"error: {error}")
except OTHERS as error:
    sys.exit(f"error: {of_other(error)}")


# On Slurm every job ends as what it is; and the signal by which Slurm says that a job's time is nearly over,
# or that it has to make room, is for the step, which saves its state, not for the Snakemake around it.
slurm_states.correct()
signal.signal(signal.SIGUSR2, signal.SIG_IGN)


wildcard_constraints:
    run=r"\d{4}-\d{6}-[0-9a-f]{6}",
    identity="[0-9a-f]{20}",


# A dry run, or one with nothing to do, writes no results and no receipts.
onstart:
    # Snakemake 9.27 wakes its scheduler every second anew for each job that has ended, to count jobs a second:
    # after 120 jobs that took a seventh of a core, and it grows with them. Here the cores are limit enough.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
    jobs = step.start()
    interrupts.note()
    if workflow.local_exec:
        warm.begin(jobs)


# The last thing that a dry run says is what the run will cost.
def tell_costs():
    for line in cost_table.lines(step.planned(), catalogue):
        print(line)


# (While this is read `workflow.dryrun` is not set yet.)
if workflow.output_settings.dryrun:
    atexit.register(tell_costs)


onsuccess:
    step.end()


onerror:
    step.end()
    interrupts.tell(catalogue.results)


# This line can be run by hand. (Snakemake puts the rule's name in when a job runs.)
RUN = f"{shlex.quote(sys.executable)} -m foretaste {{rule}}"

# The longest chain of a run begins with a language model: it goes before what can wait.
FIRST = {"pretrain": 10}

for stage in PATHS:

    rule:
        name: stage
        message: "{rule} {params.what}"
        input: step.needs(stage)
        output: touch(step.receipt(stage))
        params:
            what=step.what(stage),
            step=step.file(stage),
            log=step.log(stage),
            nodes=step.asks(stage, "nodes", 1),
        resources: **step.resources(stage)
        threads: step.threads(stage)
        priority: FIRST.get(stage, 0)
        shell: RUN + " --step {params.step:q} --log {params.log:q} --nodes {params.nodes}"


# What another has made comes from where it is shared; when all is there it gets its names.
for command in (FETCH, NAMES):

    rule:
        name: command
        message: "{rule} {params.what}"
        input: step.needs(command)
        output: touch(step.receipt(command))
        params: what=step.what(command), step=step.file(command)
        shell: RUN + " {params.step:q}"


# What may use the network runs where the workflow does, never on a cluster's node.
localrules: fetch_weights, fetch_result, name_results


# A path on the command line is a target of that name. (Snakemake does not know its targets while this is read.)
for path in dict.fromkeys(sys.argv[1:]):
    if step.is_result(path):

        rule:
            name: path
            input: step.wanted_path(path)


def check_asked():
    """Once all rules are there: a target that is none ends the run with the names that it may have been."""
    # Where another program reads this file the words are not Snakemake's.
    words = sys.argv[1:] if "snakemake" in sys.argv[0] else ()
    try:
        check_targets(words, {rule.name for rule in workflow.rules}, catalogue)
    except ForetasteError as error:
        sys.exit(f"error: {error}")
