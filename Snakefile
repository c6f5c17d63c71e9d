# foretaste: from recipes and videos to distilled students. `snakemake -n` says what would run; `foretaste --help` explains the stages.
from snakemake.utils import min_version

from foretaste.pipeline.plain_errors import check_config

min_version("9.27")
check_config("config.yaml", *workflow.overwrite_configfiles)


configfile: "config.yaml"


include: "workflow/rules/common.smk"


# The systems of config.yaml on its dataset, with their report.
rule all:
    default_target: True
    input:
        step.wanted(targets.reports(run.dataset, catalogue.systems)),


# The generated kitchen, world 0, seed 0: every stage once.
rule demo:
    input:
        step.wanted(targets.reports("kitchen", ["lm_avt_demo"])),


# Worlds 0 to 4, several seeds, pooled.
rule demo_worlds:
    input:
        step.wanted(targets.reports("kitchen_worlds", ["lm_avt_study"])),


# The same of the future as a teacher.
rule future_demo_worlds:
    input:
        step.wanted(targets.reports("kitchen_worlds", ["future_demo"])),


# The text half alone: recipes, language models, text teachers, their metrics. Needs no video.
rule teachers:
    input:
        step.wanted(targets.reports(run.dataset, catalogue.systems, "teachers")),


# Features of every backbone that the systems use, and the frames that are stored for them.
rule features:
    input:
        step.wanted(targets.features(run.dataset, catalogue.systems)),


# The language models that the systems start from, the one part that may need internet.
rule weights:
    input:
        step.wanted(targets.weights(run.dataset, catalogue.systems)),


# Systems on worlds 0 to 4 (of recognition: with pairs withheld), several seeds each, pooled.
for name, worlds in POOLED.items():

    rule:
        name: f"{name}_worlds"
        input: step.wanted(targets.reports(worlds, [name]))


# One target a system, and one with all its seeds.
for name in catalogue.files.names("systems"):

    rule:
        name: name
        input: step.wanted(targets.reports(run.dataset, [name]))

    rule:
        name: f"{name}_seeds"
        input: step.wanted(targets.reports(run.dataset, [name], "seeds"))


# A table of a system's paper, <system>_table<n>: the models in it, with the seeds of a study.
for target, (system, table) in targets.tables(sys.argv[1:]).items():

    rule:
        name: target
        input: step.wanted(targets.reports(run.dataset, [system], table))


check_asked()
